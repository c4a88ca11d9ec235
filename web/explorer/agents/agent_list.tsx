import { Anchor, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useCallback } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import type { AgentsQuery } from "../.generated/graphql";
import type { Column } from "../layout/columns";
import { lastDays } from "../layout/days";
import { useEndlessRows } from "../layout/endless_rows";
import { EndlessTable, useFormerRows } from "../layout/endless_table";
import { dollars, percent, whole } from "../layout/figures";

const DAYS = 30;

const AGENTS = graphql(`
  query Agents($first: Int!, $after: String, $from: DateTime!, $to: DateTime!) {
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
        usage(from: $from, to: $to, bucket: MONTH) {
          sessionCount
          toolCallCount
          failedToolCallCount
          costUsd
        }
      }
    }
  }
`);

type Agent = AgentsQuery["agents"]["nodes"][number];

const COLUMNS: Column<Agent>[] = [
  {
    title: "Agent",
    cell: ({ id, agentId, name, description }) => (
      <>
        <Anchor component={Link} to={`/agents/${id}`} size="sm" fw={500}>
          {name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {description ?? agentId}
        </Text>
      </>
    ),
  },
  { title: "Version", width: 120, visibleFrom: "sm", cell: ({ activeVersion }) => activeVersion?.versionNumber ?? "–" },
  { title: "Sessions", width: 100, align: "right", cell: ({ usage }) => whole(sum(usage, "sessionCount")) },
  { title: "Tool calls", width: 120, visibleFrom: "md", align: "right", cell: ({ usage }) => whole(sum(usage, "toolCallCount")) },
  {
    title: "Failed calls",
    width: 120,
    visibleFrom: "sm",
    align: "right",
    cell: ({ usage }) => {
      const calls = sum(usage, "toolCallCount");
      return percent(calls ? sum(usage, "failedToolCallCount") / calls : null);
    },
  },
  { title: "Cost", width: 120, visibleFrom: "sm", align: "right", cell: ({ usage }) => dollars(sum(usage, "costUsd")) },
];

function sum(usage: Agent["usage"], figure: keyof Agent["usage"][number]): number {
  return usage.reduce((total, bucket) => total + Number(bucket[figure]), 0);
}

/** The agents of the project, and how each did of late. */
export function AgentList() {
  const client = useClient();
  const read = useCallback(
    async (first: number, after: string | null) => {
      const variables = { first, after, ...lastDays(DAYS) };
      const { data, error } = await client.query(AGENTS, variables, { requestPolicy: "network-only" }).toPromise();
      return { connection: data?.agents, error };
    },
    [client],
  );
  const endless = useEndlessRows(read, useFormerRows());
  return (
    <Stack gap="sm">
      <title>Agents · Sessiongraph</title>
      <div>
        <Title order={1} size="h3">
          Agents
        </Title>
        <Text size="sm" c="dimmed">
          {`Figures are of the last ${DAYS} days.`}
        </Text>
      </div>
      <EndlessTable
        label="Agents"
        endless={endless}
        columns={COLUMNS}
        empty="There is no agent yet. `createAgent` makes one; the seventh tab of GraphiQL does it."
      />
    </Stack>
  );
}
