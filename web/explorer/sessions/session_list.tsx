import { Anchor, Button, MultiSelect, Stack, Text, Title } from "@mantine/core";
import { useNavigate, useSearch, Link } from "@tanstack/react-router";
import { useMemo } from "react";

import type { SessionRowFragment } from "../.generated/graphql";
import { AgentSelect } from "../agents/agent_select";
import { Ago } from "../layout/ago";
import type { Column } from "../layout/columns";
import { EndlessTable } from "../layout/endless_table";
import { dollars, whole } from "../layout/figures";
import { DaysFilter, FIELD_STYLE, Filters, OrderFilter, TextFilter } from "../layout/list_filters";
import { nameOf } from "./session_heading";
import { filterOf, ORDERS, STATUSES, type SessionSearch } from "./session_search";
import { useSessionPages } from "./session_pages";
import { StatusBadge } from "./status_badge";

const COLUMNS: Column<SessionRowFragment>[] = [
  {
    title: "Session",
    cell: (session) => (
      <>
        <Anchor component={Link} to={`/sessions/${session.id}`} size="sm" fw={500}>
          {nameOf(session)}
        </Anchor>
        <Text size="xs" c="dimmed" hiddenFrom="sm">
          {session.agent?.name} <Ago time={session.lastActivityAt} />
        </Text>
      </>
    ),
  },
  { title: "Status", width: 115, cell: ({ status }) => <StatusBadge status={status} /> },
  { title: "Agent", width: 130, visibleFrom: "sm", cell: ({ agent }) => agent?.name },
  { title: "User", width: 80, visibleFrom: "lg", cell: ({ userId }) => userId },
  { title: "Children", width: 85, visibleFrom: "lg", align: "right", cell: ({ children }) => whole(children.totalCount) },
  { title: "Messages", width: 95, visibleFrom: "md", align: "right", cell: ({ messageCount }) => whole(messageCount) },
  {
    title: "Tool calls",
    width: 120,
    visibleFrom: "lg",
    align: "right",
    cell: ({ toolCallCount, failedToolCallCount }) => (
      <>
        {whole(toolCallCount)}
        {failedToolCallCount > 0 && (
          <Text span c="red" size="sm">
            {` (${whole(failedToolCallCount)} failed)`}
          </Text>
        )}
      </>
    ),
  },
  {
    title: "Cost",
    width: 85,
    visibleFrom: "lg",
    align: "right",
    cell: ({ costUsd }) => dollars(costUsd),
  },
  { title: "Last activity", width: 125, visibleFrom: "sm", cell: ({ lastActivityAt }) => <Ago time={lastActivityAt} /> },
];

/** The sessions of the project: filtered, ordered, endless, live. */
export function SessionList() {
  const search = useSearch({ from: "/sessions" });
  const filter = useMemo(() => filterOf(search), [search]);
  const orderBy = useMemo(
    () => ({ field: search.order ?? "LAST_ACTIVITY_AT", direction: search.direction ?? "DESC" }) as const,
    [search],
  );
  const pages = useSessionPages(filter, orderBy);
  return (
    <Stack gap="sm">
      <title>Sessions · Sessiongraph</title>
      <Title order={1} size="h3">
        Sessions
      </Title>
      <SearchFields search={search} />
      <div role="status">
        {pages.news > 0 && (
          <Button fullWidth size="compact-sm" onClick={pages.refresh}>
            {pages.news === 1 ? "A session has come" : `${pages.news} sessions have come`}: show
          </Button>
        )}
      </div>
      <EndlessTable
        label="Sessions"
        endless={pages}
        columns={COLUMNS}
        empty={
          Object.values(search).some(Boolean)
            ? "No session is like that. Take a filter off."
            : "There is no session yet. `createSession` records one; the seventh tab of GraphiQL does it."
        }
      />
    </Stack>
  );
}

function SearchFields({ search }: { search: SessionSearch }) {
  const navigate = useNavigate({ from: "/sessions" });
  const change = (changes: SessionSearch) =>
    void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  return (
    <Filters search={search}>
      <TextFilter
        label="Text"
        placeholder="In title or purpose"
        value={search.text}
        onChange={(text) => change({ text })}
      />
      <MultiSelect
        size="xs"
        style={{ ...FIELD_STYLE, maxWidth: 300 }}
        label="Status"
        placeholder={search.status ? undefined : "Any status"}
        data={STATUSES}
        value={search.status ?? []}
        clearable
        onChange={(status) => change({ status: status.length ? (status as SessionSearch["status"]) : undefined })}
      />
      <AgentSelect agent={search.agent} onChange={(agent) => change({ agent })} />
      <TextFilter label="User" placeholder="Whole name" value={search.user} onChange={(user) => change({ user })} />
      <TextFilter label="Tag" placeholder="Whole tag" value={search.tag} onChange={(tag) => change({ tag })} />
      <DaysFilter label="Started" days={search.days} onChange={(days) => change({ days })} />
      <OrderFilter
        fields={ORDERS}
        field={search.order ?? "LAST_ACTIVITY_AT"}
        direction={search.direction ?? "DESC"}
        onChange={change}
      />
    </Filters>
  );
}
