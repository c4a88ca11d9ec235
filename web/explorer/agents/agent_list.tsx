import { Card, Loader, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useCallback } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import { useEndlessRows } from "../layout/endless_rows";
import { MoreButton } from "../layout/more_button";

const AGENTS = graphql(`
  query Agents($first: Int!, $after: String) {
    agents(first: $first, after: $after, orderBy: { field: NAME, direction: ASC }) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        agentId
        name
        description
        activeVersion {
          versionNumber
        }
      }
    }
  }
`);

export function AgentList() {
  const client = useClient();
  const read = useCallback(
    async (first: number, after: string | null) => {
      const { data, error } = await client.query(AGENTS, { first, after }, { requestPolicy: "network-only" }).toPromise();
      return { connection: data?.agents, error };
    },
    [client],
  );
  const endless = useEndlessRows(read);
  const { rows, isLoading, error } = endless;
  return (
    <Stack gap="sm">
      <title>Agents · Sessiongraph</title>
      <Title order={1} size="h3">
        Agents
      </Title>
      {isLoading && rows.length === 0 && <Loader />}
      {!isLoading && !error && rows.length === 0 && (
        <Text c="dimmed">There is no agent yet. `createAgent` makes one; the seventh tab of GraphiQL does it.</Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {rows.map((agent) => (
          <Card key={agent.id} withBorder component={Link} to={`/agents/${agent.id}`}>
            <Text fw={600}>{agent.name}</Text>
            <Text size="sm" c="dimmed">
              {agent.agentId}
              {agent.activeVersion && ` · version ${agent.activeVersion.versionNumber}`}
            </Text>
            {agent.description && <Text size="sm">{agent.description}</Text>}
          </Card>
        ))}
      </SimpleGrid>
      <MoreButton endless={endless} />
    </Stack>
  );
}
