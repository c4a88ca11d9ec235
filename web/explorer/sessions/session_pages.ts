/** Pages of sessions, one after the other, and how many of them have changed since. */

import { useCallback, useEffect, useRef, useState } from "react";
import { useClient, useSubscription, type CombinedError } from "urql";

import { graphql } from "../.generated";
import type { SessionFilter, SessionOrder, SessionsPageQuery } from "../.generated/graphql";

const PAGE = graphql(`
  query SessionsPage($filter: SessionFilter!, $orderBy: SessionOrder!, $after: String) {
    sessions(first: 50, after: $after, filter: $filter, orderBy: $orderBy) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        sessionId
        title
        status
        userId
        agent {
          name
        }
        messageCount
        toolCallCount
        failedToolCallCount
        costUsd
        lastActivityAt
      }
    }
  }
`);

const CHANGES = graphql(`
  subscription SessionChanges($filter: SessionFilter!) {
    sessions(filter: $filter) {
      session {
        id
      }
    }
  }
`);

type Session = SessionsPageQuery["sessions"]["nodes"][number];

interface Pages {
  sessions: Session[];
  endCursor: string | null | undefined;
  hasMore: boolean;
}

const NONE: Pages = { sessions: [], endCursor: null, hasMore: false };

export function useSessionPages(filter: SessionFilter, orderBy: SessionOrder) {
  const client = useClient();
  const [pages, setPages] = useState<Pages>(NONE);
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<CombinedError>();
  const [isLoading, setLoading] = useState(true);

  const asked = useRef(0);
  const read = useCallback(
    async (after: string | null | undefined) => {
      const question = (asked.current += 1);
      setLoading(true);
      const { data, error } = await client
        .query(PAGE, { filter, orderBy, after }, { requestPolicy: "network-only" })
        .toPromise();
      if (question !== asked.current) return; // something else was asked for meanwhile
      setError(error);
      if (data) {
        const { nodes, pageInfo } = data.sessions;
        setPages((before) => ({
          sessions: after ? [...before.sessions, ...nodes] : nodes,
          endCursor: pageInfo.endCursor,
          hasMore: pageInfo.hasNextPage,
        }));
      }
      setLoading(false);
    },
    [client, filter, orderBy],
  );
  const refresh = useCallback(() => {
    setChanged(new Set());
    void read(null);
  }, [read]);
  useEffect(refresh, [refresh]);

  const [change] = useSubscription({ query: CHANGES, variables: { filter } });
  const id = change.data?.sessions.session.id;
  useEffect(() => {
    if (id) setChanged((before) => new Set(before).add(id));
  }, [id, change.data]);

  return {
    ...pages,
    error,
    isLoading,
    news: changed.size,
    more: () => void read(pages.endCursor),
    refresh,
  };
}
