import { Stack, Title } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import { AgentSelect } from "../agents/agent_select";
import { useEndlessRows } from "../layout/endless_rows";
import { EndlessTable, useFormerRows } from "../layout/endless_table";
import { ChoiceFilter, DaysFilter, Filters, OrderFilter, TextFilter } from "../layout/list_filters";
import { filterOf, ORDERS, OWNERS, STATES, type MemorySearch } from "./memory_search";
import { MEMORY_COLUMNS } from "./memory_table";

const PAGE = graphql(`
  query MemoriesPage($first: Int!, $after: String, $filter: MemoryFilter!, $orderBy: MemoryOrder!) {
    memories(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        ...MemoryRow
      }
    }
  }
`);

/** The memories of the project: filtered, ordered, endless. */
export function MemoryList() {
  const search = useSearch({ from: "/memories" });
  const client = useClient();
  const read = useCallback(
    async (first: number, after: string | null) => {
      const orderBy = { field: search.order ?? "CREATED_AT", direction: search.direction ?? "DESC" } as const;
      const variables = { first, after, filter: filterOf(search), orderBy };
      const { data, error } = await client.query(PAGE, variables, { requestPolicy: "network-only" }).toPromise();
      return { connection: data?.memories, error };
    },
    [client, search],
  );
  const endless = useEndlessRows(read, useFormerRows());
  return (
    <Stack gap="sm">
      <title>Memories · Sessiongraph</title>
      <Title order={1} size="h3">
        Memories
      </Title>
      <SearchFields search={search} />
      <EndlessTable
        label="Memories"
        endless={endless}
        columns={MEMORY_COLUMNS}
        empty={
          Object.values(search).some(Boolean)
            ? "No memory is like that. Take a filter off."
            : "There is no memory yet. `createMemory` records one."
        }
      />
    </Stack>
  );
}

function SearchFields({ search }: { search: MemorySearch }) {
  const navigate = useNavigate({ from: "/memories" });
  const change = (changes: MemorySearch) =>
    void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  return (
    <Filters search={search}>
      <TextFilter label="Text" placeholder="In the plain text" value={search.text} onChange={(text) => change({ text })} />
      <AgentSelect agent={search.agent} onChange={(agent) => change({ agent })} />
      <ChoiceFilter
        label="Shared by"
        placeholder="Anybody"
        choices={OWNERS}
        value={search.owner}
        onChange={(owner) => change({ owner })}
      />
      <TextFilter label="User" placeholder="Whole name" value={search.user} onChange={(user) => change({ user })} />
      <TextFilter label="Type" placeholder="Whole type" value={search.type} onChange={(type) => change({ type })} />
      <TextFilter label="Kind" placeholder="Whole kind" value={search.kind} onChange={(kind) => change({ kind })} />
      <ChoiceFilter
        label="State"
        placeholder="Any state"
        choices={STATES}
        value={search.state}
        onChange={(state) => change({ state })}
      />
      <DaysFilter label="Recorded" days={search.days} onChange={(days) => change({ days })} />
      <OrderFilter
        fields={ORDERS}
        field={search.order ?? "CREATED_AT"}
        direction={search.direction ?? "DESC"}
        onChange={change}
      />
    </Filters>
  );
}
