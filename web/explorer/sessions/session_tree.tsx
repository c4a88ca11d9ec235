import { NavLink, ScrollArea } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import type { SessionTreeQuery } from "../.generated/graphql";
import { StatusBadge } from "./status_badge";

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
  }
`);

type Root = NonNullable<SessionTreeQuery["session"]>;
type Child = Root["descendants"]["nodes"][number];

/** A root session with all below it; the one that is shown is marked. */
export function SessionTree({ root, shown }: { root: string; shown: string }) {
  const [{ data }] = useQuery({ query: TREE, variables: { root } });
  const session = data?.session;
  if (!session) return null;
  const byParent = Map.groupBy(session.descendants.nodes, (child) => child.parent?.id);
  return (
    <ScrollArea.Autosize mah="60dvh" component="nav" aria-label="Sessions of the tree">
      <Branch session={session} byParent={byParent} shown={shown} />
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
      label={session.title ?? session.sessionId ?? session.id}
      description={session.kind === "ROOT" ? undefined : session.kind.toLowerCase()}
      rightSection={<StatusBadge status={session.status} />}
      active={session.id === shown}
      defaultOpened
      disableRightSectionRotation
      childrenOffset={16}
    >
      {children.length > 0
        ? children.map((child) => <Branch key={child.id} session={child} byParent={byParent} shown={shown} />)
        : undefined}
    </NavLink>
  );
}
