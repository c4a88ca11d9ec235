import { Group, Loader, Progress, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import type { MemoryFilter } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";

const MEMORIES = graphql(`
  query Memories($filter: MemoryFilter!) {
    memories(first: 100, filter: $filter) {
      pageInfo {
        hasNextPage
      }
      nodes {
        id
        type
        content
        contentText
        importance
        state
        userId
        accessCount
        lastAccessedAt
        agent {
          name
        }
      }
    }
  }
`);

const FIELDS = { text: "Text", agent: "Agent", user: "User", type: "Type" } as const;

export type MemorySearch = Partial<Record<keyof typeof FIELDS, string>>;

/** The memories of the project, as a search finds them. */
export function MemoryList() {
  const search = useSearch({ from: "/memories" });
  const navigate = useNavigate({ from: "/memories" });
  const filter = useMemo(() => filterOf(search), [search]);
  const [{ data, error }] = useQuery({ query: MEMORIES, variables: { filter } });
  const typed = useDebouncedCallback(
    (changes: MemorySearch) => void navigate({ search: (before) => ({ ...before, ...changes }), replace: true }),
    300,
  );
  return (
    <Stack gap="sm">
      <Group gap="xs">
        {(Object.keys(FIELDS) as (keyof typeof FIELDS)[]).map((name) => (
          <TextInput
            key={name}
            size="xs"
            label={FIELDS[name]}
            defaultValue={search[name] ?? ""}
            onChange={(event) => typed({ [name]: event.currentTarget.value || undefined })}
          />
        ))}
      </Group>
      {error && <Failure error={error} />}
      {!data && !error && <Loader />}
      {data?.memories.nodes.length === 0 && (
        <Text c="dimmed">No memory is like that. `createMemory` records one.</Text>
      )}
      <Table.ScrollContainer minWidth={640}>
        <Table highlightOnHover>
          <Table.Tbody>
            {data?.memories.nodes.map((memory) => (
              <Table.Tr key={memory.id}>
                <Table.Td maw={480}>
                  <Text component={Link} to={`/memories/${memory.id}`} size="sm" lineClamp={2}>
                    {memory.contentText ?? JSON.stringify(memory.content)}
                  </Text>
                </Table.Td>
                <Table.Td>{memory.type}</Table.Td>
                <Table.Td>{memory.agent?.name}</Table.Td>
                <Table.Td>{memory.userId}</Table.Td>
                <Table.Td w={90}>
                  {memory.importance != null && (
                    <Progress value={memory.importance * 100} aria-label={`Importance ${memory.importance}`} />
                  )}
                </Table.Td>
                <Table.Td ta="right">{memory.accessCount} uses</Table.Td>
                <Table.Td>{memory.lastAccessedAt && <Ago time={memory.lastAccessedAt} />}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {data?.memories.pageInfo.hasNextPage && (
        <Text c="dimmed" size="sm">
          These are the newest 100; a search finds older ones.
        </Text>
      )}
    </Stack>
  );
}

export function readMemorySearch(search: Record<string, unknown>): MemorySearch {
  const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
  return Object.fromEntries(
    names.map((name) => [name, typeof search[name] === "string" ? search[name] || undefined : undefined]),
  );
}

function filterOf(search: MemorySearch): MemoryFilter {
  const filter: MemoryFilter = {};
  if (search.text) filter.contentText = { contains: search.text };
  if (search.agent) filter.agent = { eq: search.agent };
  if (search.user) filter.userId = { eq: search.user };
  if (search.type) filter.type = { eq: search.type };
  return filter;
}
