/** Pages of sessions, kept up to date, and how many sessions have come since they were read. */

import { useCallback, useEffect, useMemo, useState } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import type { SessionFilter, SessionOrder, SessionRowFragment } from "../.generated/graphql";
import { useEndlessRows, type EndlessRows } from "../layout/endless_rows";
import { useFormerRows } from "../layout/endless_table";

const PAGE = graphql(`
  query SessionsPage($first: Int!, $after: String, $filter: SessionFilter!, $orderBy: SessionOrder!) {
    sessions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...SessionRow
      }
    }
  }
  fragment SessionRow on Session {
    id
    sessionId
    title
    status
    userId
    agent {
      name
    }
    children(first: 0) {
      totalCount
    }
    messageCount
    toolCallCount
    failedToolCallCount
    costUsd
    lastActivityAt
  }
`);

const CHANGES = graphql(`
  subscription SessionChanges($filter: SessionFilter!) {
    sessions(filter: $filter) {
      session {
        ...SessionRow
      }
    }
  }
`);

export interface SessionPages extends EndlessRows<SessionRowFragment> {
  /** How many sessions have come that are not among the rows. */
  news: number;
}

export function useSessionPages(filter: SessionFilter, orderBy: SessionOrder): SessionPages {
  const client = useClient();
  const read = useCallback(
    async (first: number, after: string | null) => {
      const variables = { first, after, filter, orderBy };
      const { data, error } = await client.query(PAGE, variables, { requestPolicy: "network-only" }).toPromise();
      return { connection: data?.sessions, error };
    },
    [client, filter, orderBy],
  );
  const endless = useEndlessRows(read, useFormerRows());
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  const { change, refresh, rows } = endless;
  useEffect(() => setChanged(new Set()), [read]);
  useEffect(() => {
    const { unsubscribe } = client.subscription(CHANGES, { filter }).subscribe(({ data }) => {
      if (!data) return;
      const { session } = data.sessions;
      change(session);
      setChanged((before) => new Set(before).add(session.id));
    });
    return unsubscribe;
  }, [client, filter, change]);
  const shown = useMemo(() => new Set(rows.map(({ id }) => id)), [rows]);
  return {
    ...endless,
    news: [...changed].filter((id) => !shown.has(id)).length,
    refresh: () => {
      setChanged(new Set());
      refresh();
    },
  };
}
