import { BarChart } from "@mantine/charts";
import { Anchor, Badge, Group, Loader, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import dayjs from "dayjs";
import { useMemo } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import type { MemoryQuery, MemoryRelationType } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { lastDays } from "../layout/days";
import { DaysControl } from "../layout/days_control";
import { Failure } from "../layout/failure";
import { JsonBlock } from "../layout/json_block";
import { Missing } from "../layout/missing";
import { textOf } from "./memory_table";

const MEMORY = graphql(`
  query Memory($memory: ID!, $from: DateTime!, $to: DateTime!) {
    memory(id: $memory) {
      id
      type
      memoryType
      state
      content
      importance
      confidence
      userId
      createdAt
      revision
      accessCount
      session {
        id
        title
      }
      accessStats(from: $from, to: $to, bucket: DAY) {
        distinctAccessors
        meanUsefulness
        buckets {
          start
          accessCount
        }
      }
      accesses(last: 20) {
        nodes {
          id
          accessType
          accessedBy
          usefulness
          occurredAt
          queryText
          session {
            id
            title
          }
        }
      }
      annotations(first: 20) {
        nodes {
          id
          annotationType
          content
          annotatorKind
          createdBy
          isApplied
        }
      }
      relations(first: 20) {
        nodes {
          id
          relationType
          relatedMemory {
            id
            contentText
            content
          }
        }
      }
      relatedBy(first: 20) {
        nodes {
          id
          relationType
          memory {
            id
            contentText
            content
          }
        }
      }
    }
  }
`);

type Memory = NonNullable<MemoryQuery["memory"]>;

/** A memory: what it says, who used it, what was remarked on it, what it bears on. */
export function MemoryPage() {
  const { memory: id } = useParams({ from: "/memories/$memory" });
  const { days = 30 } = useSearch({ from: "/memories/$memory" });
  const navigate = useNavigate({ from: "/memories/$memory" });
  const range = useMemo(() => lastDays(days), [days]);
  const [{ data, error, fetching }] = useQuery({ query: MEMORY, variables: { memory: id, ...range } });
  if (error) return <Failure error={error} />;
  if (!data?.memory) {
    return fetching ? <Loader /> : <Missing noun="memory" to="/memories" />;
  }
  const { memory } = data;
  return (
    <Stack gap="md">
      <title>{`${memory.memoryType ?? memory.type} memory · Sessiongraph`}</title>
      <Group gap="sm">
        <Title order={1} size="h3">
          {memory.memoryType ?? memory.type}
        </Title>
        <Badge>{memory.state}</Badge>
      </Group>
      <Text size="sm" c="dimmed">
        {memory.userId && `${memory.userId} · `}revision {memory.revision} · recorded <Ago time={memory.createdAt} />
        {memory.session && (
          <>
            {" in "}
            <Anchor component={Link} to={`/sessions/${memory.session.id}`} underline="always">
              {memory.session.title ?? "a session"}
            </Anchor>
          </>
        )}
        {memory.importance != null && ` · importance ${memory.importance}`}
        {memory.confidence != null && ` · confidence ${memory.confidence}`}
      </Text>
      <JsonBlock value={memory.content} />
      <Paper withBorder p="sm" component="section" aria-label="Uses a day">
        <Group justify="space-between" mb="xs">
          <Text size="sm" fw={500}>
            {memory.accessCount} {memory.accessCount === 1 ? "use" : "uses"} in all, by {memory.accessStats.distinctAccessors} in these days
          </Text>
          <DaysControl days={days} onChange={(chosen) => void navigate({ search: { days: chosen }, resetScroll: false })} />
        </Group>
        <BarChart
          h={160}
          dataKey="day"
          data={memory.accessStats.buckets.map((bucket) => ({
            day: dayjs(bucket.start).format("MMM D"),
            Uses: bucket.accessCount,
          }))}
          series={[{ name: "Uses", color: "indigo.6" }]}
        />
      </Paper>
      <Accesses accesses={memory.accesses.nodes} />
      <Annotations annotations={memory.annotations.nodes} />
      <Relations memory={memory} />
    </Stack>
  );
}

function Accesses({ accesses }: { accesses: Memory["accesses"]["nodes"] }) {
  if (accesses.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table captionSide="top">
        <Table.Caption>The last uses</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {["When", "Kind", "By", "Asked for", "Useful, 0 to 1", "Session"].map((title) => (
              <Table.Th key={title}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {accesses.toReversed().map((access) => (
            <Table.Tr key={access.id}>
              <Table.Td>
                <Ago time={access.occurredAt} />
              </Table.Td>
              <Table.Td>{access.accessType}</Table.Td>
              <Table.Td>{access.accessedBy}</Table.Td>
              <Table.Td>{access.queryText}</Table.Td>
              <Table.Td>{access.usefulness}</Table.Td>
              <Table.Td>
                {access.session && (
                  <Anchor component={Link} to={`/sessions/${access.session.id}`} size="sm">
                    {access.session.title ?? "session"}
                  </Anchor>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Annotations({ annotations }: { annotations: Memory["annotations"]["nodes"] }) {
  return annotations.map((annotation) => (
    <Paper key={annotation.id} withBorder p="sm" component="article">
      <Text size="sm" fw={500}>
        {annotation.annotationType}, by {annotation.createdBy ?? annotation.annotatorKind}
        {annotation.isApplied && " · applied"}
      </Text>
      <JsonBlock value={annotation.content} />
    </Paper>
  ));
}

const VERBS: Record<MemoryRelationType, string> = {
  SUPERSEDES: "takes the place of",
  CONTRADICTS: "contradicts",
  DERIVED_FROM: "was drawn from",
  RELATED: "has to do with",
};

function Relations({ memory: { relations, relatedBy } }: { memory: Memory }) {
  return (
    <>
      {relations.nodes.map(({ id, relationType, relatedMemory }) => (
        <Text key={id} size="sm">
          It {VERBS[relationType]} <MemoryLink memory={relatedMemory} />
        </Text>
      ))}
      {relatedBy.nodes.map(({ id, relationType, memory }) => (
        <Text key={id} size="sm">
          <MemoryLink memory={memory} /> {VERBS[relationType]} it
        </Text>
      ))}
    </>
  );
}

function MemoryLink({ memory }: { memory: Memory["relatedBy"]["nodes"][number]["memory"] }) {
  return (
    <Anchor component={Link} to={`/memories/${memory.id}`} underline="always">
      {textOf(memory)}
    </Anchor>
  );
}
