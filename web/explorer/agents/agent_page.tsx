import { BarChart, LineChart } from "@mantine/charts";
import { Badge, Group, Loader, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import dayjs from "dayjs";
import { useMemo } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import type { AgentQuery } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { lastDays } from "../layout/days";
import { DaysControl } from "../layout/days_control";
import { Failure } from "../layout/failure";
import { dollars, duration, percent, short, whole } from "../layout/figures";
import { Missing } from "../layout/missing";
import { Trail } from "../layout/trail";

const AGENT = graphql(`
  query Agent($agent: ID!, $from: DateTime!, $to: DateTime!) {
    agent(id: $agent) {
      id
      agentId
      name
      description
      versionPerformance(from: $from, to: $to) {
        version {
          id
          versionNumber
          isActive
          activatedAt
        }
        sessionCount
        toolCallCount
        failedToolCallRate
        meanQuality
        inputTokens
        outputTokens
        costUsd
        p50LatencyMs
        p95LatencyMs
      }
      usage(from: $from, to: $to, bucket: DAY) {
        start
        sessionCount
        toolCallCount
        failedToolCallCount
        inputTokens
        outputTokens
        costUsd
        durationMs
      }
    }
  }
`);

type Agent = NonNullable<AgentQuery["agent"]>;

/** An agent: its versions side by side, and how it did over time. */
export function AgentPage() {
  const { agent: id } = useParams({ from: "/agents/$agent" });
  const { days = 30 } = useSearch({ from: "/agents/$agent" });
  const navigate = useNavigate({ from: "/agents/$agent" });
  const range = useMemo(() => lastDays(days), [days]);
  const [{ data, error, fetching }] = useQuery({ query: AGENT, variables: { agent: id, ...range } });
  if (error) return <Failure error={error} />;
  if (!data?.agent) {
    return fetching ? <Loader /> : <Missing noun="agent" to="/agents" />;
  }
  const { agent } = data;
  return (
    <Stack gap="md">
      <title>{`${agent.name} · Sessiongraph`}</title>
      <Group justify="space-between" align="end">
        <div>
          <Trail label="Where this agent stands" steps={[{ to: "/agents", label: "Agents" }]} />
          <Title order={1} size="h3">
            {agent.name}
          </Title>
          <Text size="sm" c="dimmed">
            {agent.agentId}
            {agent.description && ` · ${agent.description}`}
          </Text>
        </div>
        <DaysControl days={days} onChange={(chosen) => void navigate({ search: { days: chosen }, resetScroll: false })} />
      </Group>
      <Versions versions={agent.versionPerformance} />
      <Charts usage={agent.usage} />
    </Stack>
  );
}

function Versions({ versions }: { versions: Agent["versionPerformance"] }) {
  if (versions.length === 0) return <Text c="dimmed">No version ran a session in these days.</Text>;
  return (
    <Table.ScrollContainer minWidth={900}>
      <Table tabularNums>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Version</Table.Th>
            <Table.Th>Active since</Table.Th>
            {["Sessions", "Failed calls", "Quality", "Tokens in", "Tokens out", "Cost", "Answer p50", "Answer p95"].map(
              (title) => (
                <Table.Th key={title} ta="right">
                  {title}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {versions.map((each) => (
            <Table.Tr key={each.version.id}>
              <Table.Td>
                {each.version.versionNumber} {each.version.isActive && <Badge>active</Badge>}
              </Table.Td>
              <Table.Td>{each.version.activatedAt && <Ago time={each.version.activatedAt} />}</Table.Td>
              {[
                whole(each.sessionCount),
                percent(each.failedToolCallRate),
                each.meanQuality?.toFixed(2) ?? "–",
                whole(each.inputTokens),
                whole(each.outputTokens),
                dollars(each.costUsd),
                duration(each.p50LatencyMs),
                duration(each.p95LatencyMs),
              ].map((figure, place) => (
                <Table.Td key={place} ta="right">
                  {figure}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Charts({ usage }: { usage: Agent["usage"] }) {
  const days = usage.map((bucket) => ({
    day: dayjs(bucket.start).format("MMM D"),
    Sessions: bucket.sessionCount,
    "Failed calls": bucket.toolCallCount ? bucket.failedToolCallCount / bucket.toolCallCount : null,
    In: bucket.inputTokens,
    Out: bucket.outputTokens,
    Cost: Number(bucket.costUsd),
    "Mean duration": bucket.sessionCount ? bucket.durationMs / bucket.sessionCount : null,
  }));
  const chart = { h: 180, data: days, dataKey: "day" };
  const line = { ...chart, withDots: false, curveType: "linear" as const };
  return (
    <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
      <Panel title="Sessions a day">
        <BarChart {...chart} series={[{ name: "Sessions", color: "indigo.6" }]} yAxisProps={{ allowDecimals: false }} />
      </Panel>
      <Panel title="Share of tool calls that failed">
        <LineChart {...line} series={[{ name: "Failed calls", color: "red.6" }]} valueFormatter={percent} yAxisProps={{ tickFormatter: (share: number) => `${Math.round(share * 100)} %` }} />
      </Panel>
      <Panel title="Tokens a day">
        <LineChart
          {...line}
          series={[{ name: "In", color: "blue.6" }, { name: "Out", color: "teal.6" }]}
          valueFormatter={whole}
          yAxisProps={{ tickFormatter: short }}
          withLegend
          legendProps={{ verticalAlign: "bottom", height: 30 }}
        />
      </Panel>
      <Panel title="Cost a day, USD">
        <BarChart {...chart} series={[{ name: "Cost", color: "grape.6" }]} valueFormatter={dollars} yAxisProps={{ tickFormatter: (usd: number) => `$${Number(usd.toPrecision(3))}` }} />
      </Panel>
      <Panel title="Mean duration of a session, by the day it began">
        <BarChart {...chart} series={[{ name: "Mean duration", color: "orange.6" }]} valueFormatter={duration} yAxisProps={{ width: 80 }} />
      </Panel>
    </SimpleGrid>
  );
}

function Panel({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={title}>
      <Text size="sm" fw={600} mb="xs">
        {title}
      </Text>
      {children}
    </Paper>
  );
}
