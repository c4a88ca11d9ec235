import { Button, Center, Group, Loader, MultiSelect, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback, useIntersection } from "@mantine/hooks";
import { useNavigate, useSearch, Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";

import { Failure } from "../layout/failure";
import { Ago } from "../layout/ago";
import { filterOf, ORDERS, STATUSES, type SessionSearch } from "./session_search";
import { StatusBadge } from "./status_badge";
import { useSessionPages } from "./session_pages";

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
      <Filters search={search} />
      {error && <Failure error={error} />}
      {news > 0 && (
        <Button variant="light" size="compact-sm" onClick={refresh}>
          {news === 1 ? "A session has changed" : `${news} sessions have changed`}: show
        </Button>
      )}
      <Table.ScrollContainer minWidth={720}>
        <Table highlightOnHover stickyHeader stickyHeaderOffset={48}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Session</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th>Agent</Table.Th>
              <Table.Th>User</Table.Th>
              <Table.Th ta="right">Messages</Table.Th>
              <Table.Th ta="right">Tool calls</Table.Th>
              <Table.Th ta="right">Cost</Table.Th>
              <Table.Th>Last activity</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sessions.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td>
                  <Text component={Link} to={`/sessions/${session.id}`} size="sm" fw={500}>
                    {session.title ?? session.sessionId ?? session.id}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <StatusBadge status={session.status} />
                </Table.Td>
                <Table.Td>{session.agent?.name}</Table.Td>
                <Table.Td>{session.userId}</Table.Td>
                <Table.Td ta="right">{session.messageCount}</Table.Td>
                <Table.Td ta="right">
                  {session.toolCallCount}
                  {session.failedToolCallCount > 0 && (
                    <Text span c="red" size="sm"> ({session.failedToolCallCount} failed)</Text>
                  )}
                </Table.Td>
                <Table.Td ta="right">${Number(session.costUsd).toFixed(4)}</Table.Td>
                <Table.Td>
                  <Ago time={session.lastActivityAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {!isLoading && !error && sessions.length === 0 && (
        <Text c="dimmed" ta="center">
          No session is like that. Take a filter off, or record one: GraphiQL's tab 7 does.
        </Text>
      )}
      <Center ref={ref} mih={40}>{isLoading && <Loader size="sm" />}</Center>
    </Stack>
  );
}

function Filters({ search }: { search: SessionSearch }) {
  const navigate = useNavigate({ from: "/sessions" });
  const change = (changes: SessionSearch) =>
    void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  const typed = useDebouncedCallback(change, 300);
  const field = (name: "text" | "agent" | "user" | "tag", label: string) => (
    <TextInput
      key={name}
      size="xs"
      label={label}
      defaultValue={search[name] ?? ""}
      onChange={(event) => typed({ [name]: event.currentTarget.value || undefined })}
    />
  );
  return (
    <Group gap="xs" align="end">
      {field("text", "Text")}
      <MultiSelect
        size="xs"
        label="Status"
        data={STATUSES}
        value={search.status ?? []}
        clearable
        onChange={(status) => change({ status: status.length ? (status as SessionSearch["status"]) : undefined })}
      />
      {field("agent", "Agent")}
      {field("user", "User")}
      {field("tag", "Tag")}
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
