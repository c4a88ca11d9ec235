/** Rows of a connection, read page after page, as far as one scrolls. */

import { useCallback, useEffect, useRef, useState } from "react";
import type { CombinedError } from "urql";

const PAGE_ROWS = 50;
/** The most that the API gives at once. */
const MOST_AT_ONCE = 200;

export interface Connection<Row> {
  nodes: readonly Row[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface Answer<Row> {
  connection: Connection<Row> | undefined;
  error: CombinedError | undefined;
}

export interface EndlessRows<Row> {
  rows: readonly Row[];
  hasMore: boolean;
  isLoading: boolean;
  /** Why the last reading gave nothing. */
  error: CombinedError | undefined;
  /** Reads the next page. */
  more: () => void;
  /** Reads from the start again. */
  refresh: () => void;
  /** Takes a row's new values. */
  change: (row: Row) => void;
}

interface Pages<Row> {
  rows: readonly Row[];
  hasMore: boolean;
  endCursor: string | null;
}

/**
 * Reads the first rows, and again whenever `read` is another function.
 *
 * `read` gives so many rows behind a cursor; `expected` is how many rows there should be at first.
 */
export function useEndlessRows<Row extends { id: string }>(
  read: (first: number, after: string | null) => Promise<Answer<Row>>,
  expected = 0,
): EndlessRows<Row> {
  const [pages, setPages] = useState<Pages<Row>>({ rows: [], hasMore: false, endCursor: null });
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<CombinedError>();

  const asked = useRef(0);
  const readOn = useCallback(
    async (start: string | null, wanted: number) => {
      const question = (asked.current += 1);
      setLoading(true);
      setError(undefined);
      const found: Row[] = [];
      let after = start;
      let hasMore = true;
      while (hasMore && found.length < wanted) {
        const { connection, error } = await read(Math.min(wanted - found.length, MOST_AT_ONCE), after);
        if (question !== asked.current) return; // something else was asked for meanwhile
        if (!connection) {
          setError(error);
          break;
        }
        found.push(...connection.nodes);
        hasMore = connection.pageInfo.hasNextPage;
        after = connection.pageInfo.endCursor;
      }
      setPages((before) => ({ rows: start ? joined(before.rows, found) : found, hasMore, endCursor: after }));
      setLoading(false);
    },
    [read],
  );
  const refresh = useCallback(() => void readOn(null, PAGE_ROWS), [readOn]);
  const first = useRef(expected);
  useEffect(() => {
    void readOn(null, Math.max(first.current, PAGE_ROWS));
    first.current = 0;
  }, [readOn]);
  const change = useCallback((row: Row) => {
    setPages((before) =>
      before.rows.some(({ id }) => id === row.id) ? { ...before, rows: joined(before.rows, [row]) } : before,
    );
  }, []);
  return {
    rows: pages.rows,
    hasMore: pages.hasMore,
    isLoading,
    error,
    more: () => void readOn(pages.endCursor, PAGE_ROWS),
    refresh,
    change,
  };
}

/** A row that moved to a later page stays where it was, with its new values. */
function joined<Row extends { id: string }>(rows: readonly Row[], more: readonly Row[]): Row[] {
  return [...new Map([...rows, ...more].map((row) => [row.id, row])).values()];
}
