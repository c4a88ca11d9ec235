import { NavLink, ScrollArea, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useQuery, useSubscription } from "urql";

import { graphql } from "../.generated";
import type { SessionTreeQuery } from "../.generated/graphql";
import { nameOf } from "./session_heading";
import { StatusIcon } from "./status_badge";

const TREE = graphql(`
  query SessionTree($root: ID!) {
    session(id: $root) {
      ...TreeSession
      descendants(first: 200) {
        pageInfo {
          hasNextPage
        }
        nodes {
          ...TreeSession
          parent {
            id
          }
        }
      }
    }
  }
  fragment TreeSession on Session {
    id
    sessionId
    title
    status
    kind
    agent {
      name
    }
  }
`);

const CHANGES = graphql(`
  subscription TreeChanges($root: ID!) {
    sessions(filter: { root: { eq: $root } }) {
      session {
        id
      }
    }
  }
`);

type Root = NonNullable<SessionTreeQuery["session"]>;
type Child = Root["descendants"]["nodes"][number];

/** A root session with all below it; the one that is shown is marked. */
export function SessionTree({ root, shown }: { root: string; shown: string }) {
  const [{ data }, reload] = useQuery({ query: TREE, variables: { root } });
  const [change] = useSubscription({ query: CHANGES, variables: { root } });
  useEffect(() => {
    if (change.data) reload({ requestPolicy: "network-only" });
  }, [change.data, reload]);
  const session = data?.session;
  if (!session) return null;
  const byParent = Map.groupBy(session.descendants.nodes, (child) => child.parent?.id);
  return (
    <ScrollArea.Autosize mah={{ base: "40dvh", sm: "60dvh" }} component="nav" aria-label="Sessions of the tree">
      <Branch session={session} byParent={byParent} shown={shown} />
      {session.descendants.pageInfo.hasNextPage && (
        <Text size="sm" c="dimmed" p="xs">
          These are the first 200 below it.
        </Text>
      )}
    </ScrollArea.Autosize>
  );
}

interface BranchProps {
  session: Omit<Root, "descendants">;
  byParent: Map<string | undefined, Child[]>;
  shown: string;
}

function Branch({ session, byParent, shown }: BranchProps) {
  const children = byParent.get(session.id) ?? [];
  return (
    <NavLink
      component={Link}
      to={`/sessions/${session.id}`}
      label={nameOf(session)}
      description={[session.agent?.name, session.kind !== "ROOT" && session.kind.toLowerCase()].filter(Boolean).join(" · ")}
      leftSection={<StatusIcon status={session.status} />}
      rightSection={null}
      active={session.id === shown}
      defaultOpened
      px={8}
      py={6}
      styles={{
        section: { marginInlineEnd: 8 },
        body: { lineHeight: 1.3 },
        description: { color: "var(--mantine-color-dimmed)" },
        children: {
          borderInlineStart: "1px solid var(--mantine-color-default-border)",
          marginInlineStart: 19,
          paddingInlineStart: 0,
        },
      }}
    >
      {children.length > 0
        ? children.map((child) => <Branch key={child.id} session={child} byParent={byParent} shown={shown} />)
        : undefined}
    </NavLink>
  );
}
