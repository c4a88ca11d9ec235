import { Group, Loader, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import type { MemoryFilter } from "../.generated/graphql";
import { AgentSelect } from "../agents/agent_select";
import { Failure } from "../layout/failure";
import { MemoryTable } from "./memory_table";

const MEMORIES = graphql(`
  query Memories($filter: MemoryFilter!) {
    memories(first: 100, filter: $filter) {
      pageInfo {
        hasNextPage
      }
      nodes {
        ...MemoryRow
      }
    }
  }
`);

const FIELDS = { text: "Text", user: "User", type: "Type" } as const;
const NAMES = ["text", "user", "type", "agent"] as const;

export type MemorySearch = Partial<Record<(typeof NAMES)[number], string>>;

/** The memories of the project, as a search finds them. */
export function MemoryList() {
  const search = useSearch({ from: "/memories" });
  const navigate = useNavigate({ from: "/memories" });
  const filter = useMemo(() => filterOf(search), [search]);
  const [{ data, error }] = useQuery({ query: MEMORIES, variables: { filter } });
  const change = (changes: MemorySearch) =>
    void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  const typed = useDebouncedCallback(change, 300);
  return (
    <Stack gap="sm">
      <title>Memories · Sessiongraph</title>
      <Title order={1} size="h3">
        Memories
      </Title>
      <Group gap="xs" align="end">
        {(Object.keys(FIELDS) as (keyof typeof FIELDS)[]).map((name) => (
          <TextInput
            key={name}
            size="xs"
            w={150}
            label={FIELDS[name]}
            defaultValue={search[name] ?? ""}
            onChange={(event) => typed({ [name]: event.currentTarget.value || undefined })}
          />
        ))}
        <AgentSelect agent={search.agent} onChange={(agent) => change({ agent })} />
      </Group>
      {error && <Failure error={error} />}
      {!data && !error && <Loader />}
      {data?.memories.nodes.length === 0 && (
        <Text c="dimmed">
          {Object.values(search).some(Boolean)
            ? "No memory is like that. Empty a field."
            : "There is no memory yet. `createMemory` records one."}
        </Text>
      )}
      {data && data.memories.nodes.length > 0 && <MemoryTable memories={data.memories.nodes} />}
      {data?.memories.pageInfo.hasNextPage && (
        <Text c="dimmed" size="sm">
          These are the newest 100; a search finds older ones.
        </Text>
      )}
    </Stack>
  );
}

export function readMemorySearch(search: Record<string, unknown>): MemorySearch {
  return Object.fromEntries(
    NAMES.map((name) => [name, typeof search[name] === "string" ? search[name] || undefined : undefined]),
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
