import { Card, Loader, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Failure } from "../layout/failure";

const AGENTS = graphql(`
  query Agents {
    agents(first: 200, orderBy: { field: NAME, direction: ASC }) {
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
  const [{ data, error }] = useQuery({ query: AGENTS });
  if (error) return <Failure error={error} />;
  if (!data) return <Loader />;
  if (data.agents.nodes.length === 0) {
    return <Text c="dimmed">There is no agent yet. `createAgent` makes one; the seventh tab of GraphiQL does it.</Text>;
  }
  return (
    <Stack gap="sm">
      <title>Agents · Sessiongraph</title>
      <Title order={1} size="h3">
        Agents
      </Title>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
      {data.agents.nodes.map((agent) => (
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
    </Stack>
  );
}
