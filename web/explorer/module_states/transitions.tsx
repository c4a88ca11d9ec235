import { Group, Paper, Text } from "@mantine/core";
import { useCallback } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import { Ago } from "../layout/ago";
import { useEndlessRows } from "../layout/endless_rows";
import { MoreButton } from "../layout/more_button";
import { DocumentDiff } from "../sessions/document_diff";

const TRANSITIONS = graphql(`
  query Transitions($moduleState: ID!, $first: Int!, $after: String) {
    moduleState(id: $moduleState) {
      transitions(first: $first, after: $after, orderBy: { field: REVISION, direction: DESC }) {
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          id
          revision
          triggerType
          actorId
          previousValues
          newValues
          createdAt
        }
      }
    }
  }
`);

/** How a module's state became what it is, the last change first; the chosen revision is framed. */
export function Transitions({ moduleState, chosen }: { moduleState: string; chosen: number }) {
  const client = useClient();
  const read = useCallback(
    async (first: number, after: string | null) => {
      const variables = { moduleState, first, after };
      const { data, error } = await client.query(TRANSITIONS, variables, { requestPolicy: "network-only" }).toPromise();
      return { connection: data?.moduleState?.transitions, error };
    },
    [client, moduleState],
  );
  const endless = useEndlessRows(read);
  return (
    <>
      {endless.rows.map((transition) => (
        <Paper
          key={transition.id}
          withBorder
          p="sm"
          component="article"
          bd={transition.revision === chosen ? "1px solid var(--mantine-primary-color-filled)" : undefined}
        >
          <Group gap="xs" mb={4}>
            <Text size="sm" fw={600}>
              Revision {transition.revision}
            </Text>
            <Text size="xs" c="dimmed">
              {[transition.triggerType, transition.actorId].filter(Boolean).map((each) => `${each} · `)}
              <Ago time={transition.createdAt} />
            </Text>
          </Group>
          <DocumentDiff before={transition.previousValues} after={transition.newValues} />
        </Paper>
      ))}
      <MoreButton endless={endless} />
    </>
  );
}
