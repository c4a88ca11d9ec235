import { Anchor, Button, Center, Group, Loader, MultiSelect, Select, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedCallback, useIntersection } from "@mantine/hooks";
import { useNavigate, useSearch, Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";

import { AgentSelect } from "../agents/agent_select";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";
import { filterOf, ORDERS, STATUSES, type SessionSearch } from "./session_search";
import { useSessionPages } from "./session_pages";
import { StatusBadge } from "./status_badge";

/** The sessions of the project: filtered, ordered, endless, live. */
export function SessionList() {
  const search = useSearch({ from: "/sessions" });
  const filter = useMemo(() => filterOf(search), [search]);
  const orderBy = useMemo(
    () => ({ field: search.order ?? "LAST_ACTIVITY_AT", direction: search.direction ?? "DESC" }) as const,
    [search],
  );
  const { sessions, news, error, isLoading, hasMore, more, refresh } = useSessionPages(filter, orderBy);
  const { ref, entry } = useIntersection({ rootMargin: "400px" });
  useEffect(() => {
    if (entry?.isIntersecting && hasMore && !isLoading) more();
  }, [entry, hasMore, isLoading, more]);

  return (
    <Stack gap="sm">
      <title>Sessions · Sessiongraph</title>
      <Title order={1} size="h3">
        Sessions
      </Title>
      <Filters search={search} />
      {error && <Failure error={error} />}
      <div role="status">
        {news > 0 && (
          <Button fullWidth size="compact-sm" onClick={refresh}>
            {news === 1 ? "A session has changed" : `${news} sessions have changed`}: show
          </Button>
        )}
      </div>
      {sessions.length > 0 && (
        <Table highlightOnHover stickyHeader stickyHeaderOffset={48}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Session</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th visibleFrom="sm">Agent</Table.Th>
              <Table.Th visibleFrom="md">User</Table.Th>
              <Table.Th visibleFrom="md" ta="right">
                Messages
              </Table.Th>
              <Table.Th visibleFrom="lg" ta="right">
                Tool calls
              </Table.Th>
              <Table.Th visibleFrom="md" ta="right">
                Cost
              </Table.Th>
              <Table.Th visibleFrom="sm">Last activity</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sessions.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td>
                  <Anchor component={Link} to={`/sessions/${session.id}`} size="sm" fw={500}>
                    {session.title ?? session.sessionId ?? session.id}
                  </Anchor>
                  <Text size="xs" c="dimmed" hiddenFrom="sm">
                    {session.agent?.name} <Ago time={session.lastActivityAt} />
                  </Text>
                </Table.Td>
                <Table.Td>
                  <StatusBadge status={session.status} />
                </Table.Td>
                <Table.Td visibleFrom="sm">{session.agent?.name}</Table.Td>
                <Table.Td visibleFrom="md">{session.userId}</Table.Td>
                <Table.Td visibleFrom="md" ta="right">
                  {session.messageCount}
                </Table.Td>
                <Table.Td visibleFrom="lg" ta="right">
                  {session.toolCallCount}
                  {session.failedToolCallCount > 0 && (
                    <Text span c="red" size="sm">
                      {` (${session.failedToolCallCount} failed)`}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td visibleFrom="md" ta="right">
                  ${Number(session.costUsd).toFixed(4)}
                </Table.Td>
                <Table.Td visibleFrom="sm">
                  <Ago time={session.lastActivityAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {!isLoading && !error && sessions.length === 0 && (
        <Text c="dimmed" ta="center">
          {Object.values(search).some(Boolean)
            ? "No session is like that. Take a filter off."
            : "There is no session yet. `createSession` records one; the seventh tab of GraphiQL does it."}
        </Text>
      )}
      <Center ref={ref} mih={40}>
        {isLoading && <Loader size="sm" role="progressbar" aria-label="Loading" />}
      </Center>
    </Stack>
  );
}

function Filters({ search }: { search: SessionSearch }) {
  const navigate = useNavigate({ from: "/sessions" });
  const change = (changes: SessionSearch) =>
    void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  const typed = useDebouncedCallback(change, 300);
  const field = (name: "text" | "user" | "tag", label: string, placeholder: string) => (
    <TextInput
      key={name}
      size="xs"
      w={150}
      label={label}
      placeholder={placeholder}
      defaultValue={search[name] ?? ""}
      onChange={(event) => typed({ [name]: event.currentTarget.value || undefined })}
    />
  );
  return (
    <Group gap="xs" align="end">
      {field("text", "Text", "In title or purpose")}
      <MultiSelect
        size="xs"
        miw={190}
        label="Status"
        placeholder={search.status ? undefined : "Any status"}
        data={STATUSES}
        value={search.status ?? []}
        clearable
        onChange={(status) => change({ status: status.length ? (status as SessionSearch["status"]) : undefined })}
      />
      <AgentSelect agent={search.agent} onChange={(agent) => change({ agent })} />
      {field("user", "User", "Whole name")}
      {field("tag", "Tag", "Whole tag")}
      <Select
        size="xs"
        w={130}
        label="Started"
        data={[
          { value: "1", label: "Today" },
          { value: "7", label: "In 7 days" },
          { value: "30", label: "In 30 days" },
        ]}
        value={search.days ? String(search.days) : null}
        placeholder="Any time"
        clearable
        onChange={(days) => change({ days: days ? Number(days) : undefined })}
      />
      <Select
        size="xs"
        w={130}
        label="Order"
        data={Object.entries(ORDERS).map(([value, label]) => ({ value, label }))}
        value={search.order ?? "LAST_ACTIVITY_AT"}
        allowDeselect={false}
        onChange={(order) => change({ order: order as SessionSearch["order"] })}
      />
      <Button
        size="xs"
        variant="default"
        onClick={() => change({ direction: search.direction === "ASC" ? undefined : "ASC" })}
      >
        {search.direction === "ASC" ? "Ascending" : "Descending"}
      </Button>
    </Group>
  );
}
