import { BarChart } from "@mantine/charts";
import { Anchor, Badge, Flex, Group, Loader, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import dayjs from "dayjs";
import { useMemo, type ReactNode } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import type { MemoryQuery, MemoryRelationType } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { lastDays } from "../layout/days";
import { DaysControl } from "../layout/days_control";
import { Failure } from "../layout/failure";
import { Figure } from "../layout/figure";
import { whole } from "../layout/figures";
import { JsonBlock } from "../layout/json_block";
import { Missing } from "../layout/missing";
import { Trail } from "../layout/trail";
import { textOf } from "./memory_table";

const MEMORY = graphql(`
  query Memory($memory: ID!, $from: DateTime!, $to: DateTime!) {
    memory(id: $memory) {
      id
      type
      memoryType
      state
      content
      contentText
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
      accesses(first: 20) {
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
      <div>
        <Trail label="Where this memory stands" steps={[{ to: "/memories", label: "Memories" }]} />
        <Group gap="xs">
          <Title order={1} size="h3" tt="capitalize">
            {memory.memoryType ?? memory.type}
          </Title>
          <Badge variant="dot" color={memory.state === "ACTIVE" ? "green" : "gray"}>
            {memory.state}
          </Badge>
        </Group>
      </div>
      {memory.contentText && (
        <Text size="lg" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
          {memory.contentText}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        {memory.userId && `For ${memory.userId} · `}revision {memory.revision} · recorded <Ago time={memory.createdAt} />
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
      {memory.content !== memory.contentText && <JsonBlock value={memory.content} />}
      <Paper withBorder p="sm" component="section" aria-label="Uses a day">
        <Group justify="space-between" mb="xs">
          <Flex wrap="wrap" columnGap="xl" rowGap={4}>
            <Figure label="Uses in all">{whole(memory.accessCount)}</Figure>
            <Figure label={`Accessors in ${days} days`}>{whole(memory.accessStats.distinctAccessors)}</Figure>
            <Figure label="Mean usefulness, 0 to 1">{memory.accessStats.meanUsefulness?.toFixed(2) ?? "–"}</Figure>
          </Flex>
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
          yAxisProps={{ allowDecimals: false }}
          barProps={{ maxBarSize: 40 }}
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
    <Section title={accesses.length < 20 ? "Uses" : "The last 20 uses"}>
      <Table.ScrollContainer minWidth={640}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {["When", "Kind", "By", "Query", "Usefulness", "Session"].map((title) => (
                <Table.Th key={title}>{title}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {accesses.map((access) => (
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
    </Section>
  );
}

function Annotations({ annotations }: { annotations: Memory["annotations"]["nodes"] }) {
  if (annotations.length === 0) return null;
  return (
    <Section title="Annotations">
      {annotations.map((annotation) => (
        <Paper key={annotation.id} withBorder p="sm" component="article">
          <Group gap="xs" mb={4}>
            <Text size="sm" fw={600}>
              {annotation.annotationType}
            </Text>
            <Text size="xs" c="dimmed">
              by {annotation.createdBy ?? annotation.annotatorKind}
            </Text>
            {annotation.isApplied && <Badge>applied</Badge>}
          </Group>
          <JsonBlock value={annotation.content} />
        </Paper>
      ))}
    </Section>
  );
}

const VERBS: Record<MemoryRelationType, string> = {
  SUPERSEDES: "takes the place of",
  CONTRADICTS: "contradicts",
  DERIVED_FROM: "was drawn from",
  RELATED: "has to do with",
};

function Relations({ memory: { relations, relatedBy } }: { memory: Memory }) {
  if (relations.nodes.length + relatedBy.nodes.length === 0) return null;
  return (
    <Section title="Relations">
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
    </Section>
  );
}

function MemoryLink({ memory }: { memory: Memory["relatedBy"]["nodes"][number]["memory"] }) {
  return (
    <Anchor component={Link} to={`/memories/${memory.id}`} underline="always">
      {textOf(memory)}
    </Anchor>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack component="section" gap="xs" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
