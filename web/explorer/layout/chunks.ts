/** Rows by their number, read a chunk at a time where they are looked at. */

import { useCallback, useEffect, useRef, useState } from "react";

export const CHUNK_ROWS = 100;

export interface Chunks<Row> {
  /** Gives the row with a number from 1 on; undefined until it was read, null where there is none. */
  row: (number: number) => Row | null | undefined;
  /** Reads what is between two numbers and was not read yet. */
  need: (first: number, last: number) => void;
  /** Reads the chunk with a number again. */
  renew: (number: number) => void;
}

/**
 * Keeps the chunks that were read.
 *
 * `read` gives the rows above one number, up to and with another; `subject` is what they are of:
 * what is kept of one is not shown of another.
 */
export function useChunks<Row>(
  subject: string,
  numberOf: (row: Row) => number,
  read: (above: number, upTo: number) => Promise<readonly Row[]>,
): Chunks<Row> {
  const [rows, setRows] = useState<ReadonlyMap<number, Row>>(new Map());
  const [known, setKnown] = useState<ReadonlySet<number>>(new Set());
  const asked = useRef(new Set<number>());
  const reader = useRef({ read, numberOf });
  reader.current = { read, numberOf };

  useEffect(() => {
    setRows(new Map());
    setKnown(new Set());
    asked.current.clear();
  }, [subject]);

  const readChunk = useCallback(async (chunk: number) => {
    asked.current.add(chunk);
    const { read, numberOf } = reader.current;
    const found = await read(chunk * CHUNK_ROWS, (chunk + 1) * CHUNK_ROWS);
    setRows((before) => new Map([...before, ...found.map((row) => [numberOf(row), row] as const)]));
    setKnown((before) => new Set(before).add(chunk));
  }, []);

  return {
    row: (number) => rows.get(number) ?? (known.has(chunkOf(number)) ? null : undefined),
    need: useCallback(
      (first, last) => {
        for (let chunk = chunkOf(first); chunk <= chunkOf(last); chunk += 1) {
          if (!asked.current.has(chunk)) void readChunk(chunk);
        }
      },
      [readChunk],
    ),
    renew: useCallback((number) => void readChunk(chunkOf(number)), [readChunk]),
  };
}

function chunkOf(number: number): number {
  return Math.floor((number - 1) / CHUNK_ROWS);
}
