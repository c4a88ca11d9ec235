/** Rows by their number, read a chunk at a time where they are looked at. */

import { useCallback, useRef, useState } from "react";

export const CHUNK_ROWS = 100;

export interface Chunks<Row> {
  /** Gives the row with a number from 1 on; undefined until it was read, null where there is none. */
  row: (number: number) => Row | null | undefined;
  /** Reads what is between two numbers and was not read yet. */
  need: (first: number, last: number) => void;
  /** Reads again what is around a row that changed. */
  renew: (number: number) => void;
}

interface Reading {
  /** How many rows there were when it began. */
  count: number;
}

/**
 * Keeps the chunks that were read of `count` rows.
 *
 * `read` gives the rows above one number, up to and with another; null if that failed, which is
 * tried again.
 */
export function useChunks<Row>(
  count: number,
  numberOf: (row: Row) => number,
  read: (above: number, upTo: number) => Promise<readonly Row[] | null>,
): Chunks<Row> {
  const [rows, setRows] = useState<ReadonlyMap<number, Row>>(new Map());
  const [known, setKnown] = useState<ReadonlyMap<number, number>>(new Map());
  const readings = useRef(new Map<number, Reading>());
  const latest = useRef({ count, read, numberOf });
  latest.current = { count, read, numberOf };

  const readChunk = useCallback(async (chunk: number) => {
    const { count, read, numberOf } = latest.current;
    const reading = { count };
    readings.current.set(chunk, reading);
    const found = await read(chunk * CHUNK_ROWS, (chunk + 1) * CHUNK_ROWS);
    if (readings.current.get(chunk) !== reading) return; // a later one knows more
    if (found === null) {
      readings.current.delete(chunk);
      return;
    }
    setRows((before) => new Map([...before, ...found.map((row) => [numberOf(row), row] as const)]));
    setKnown((before) => new Map(before).set(chunk, count));
  }, []);

  return {
    row: (number) => rows.get(number) ?? ((known.get(chunkOf(number)) ?? 0) >= number ? null : undefined),
    need: useCallback(
      (first, last) => {
        for (let chunk = chunkOf(first); chunk <= chunkOf(last); chunk += 1) {
          const end = Math.min(latest.current.count, (chunk + 1) * CHUNK_ROWS);
          if ((readings.current.get(chunk)?.count ?? -1) < end) void readChunk(chunk);
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
