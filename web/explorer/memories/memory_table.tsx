import { Anchor, Group, Progress, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { graphql } from "../.generated";
import type { MemoryRowFragment } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { Cells, ColumnTitles, type Column } from "../layout/columns";
import { whole } from "../layout/figures";

graphql(`
  fragment MemoryRow on Memory {
    id
    type
    content
    contentText
    importance
    userId
    accessCount
    createdAt
    lastAccessedAt
    agent {
      name
    }
  }
`);

export const MEMORY_COLUMNS: Column<MemoryRowFragment>[] = [
  {
    title: "Memory",
    cell: (memory) => (
      <Anchor component={Link} to={`/memories/${memory.id}`} size="sm" lineClamp={2}>
        {textOf(memory)}
      </Anchor>
    ),
  },
  { title: "Type", width: 110, visibleFrom: "md", cell: ({ type }) => type },
  { title: "Agent", width: 130, visibleFrom: "sm", cell: ({ agent }) => agent?.name },
  { title: "User", width: 100, visibleFrom: "md", cell: ({ userId }) => userId },
  {
    title: "Importance",
    width: 105,
    visibleFrom: "lg",
    cell: ({ importance }) =>
      importance != null && (
        <Group gap={6} wrap="nowrap">
          <Progress flex={1} value={importance * 100} aria-hidden />
          {importance.toFixed(2)}
        </Group>
      ),
  },
  { title: "Uses", width: 65, align: "right", cell: ({ accessCount }) => whole(accessCount) },
  {
    title: "Last used",
    width: 120,
    visibleFrom: "lg",
    cell: ({ lastAccessedAt }) =>
      lastAccessedAt ? (
        <Ago time={lastAccessedAt} />
      ) : (
        <Text span size="sm" c="dimmed">
          never
        </Text>
      ),
  },
  { title: "Recorded", width: 120, visibleFrom: "sm", cell: ({ createdAt }) => <Ago time={createdAt} /> },
];

const FEW_COLUMNS = MEMORY_COLUMNS.filter(({ title }) => ["Memory", "Type", "Importance", "Uses", "Recorded"].includes(title));

/** A few memories, beside something else. */
export function MemoryTable({ memories }: { memories: readonly MemoryRowFragment[] }) {
  return (
    <Table highlightOnHover tabularNums layout="fixed">
      <ColumnTitles columns={FEW_COLUMNS} />
      <Table.Tbody>
        {memories.map((memory) => (
          <Table.Tr key={memory.id}>
            <Cells columns={FEW_COLUMNS} row={memory} />
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** A memory in a line of text. */
export function textOf({ contentText, content }: { contentText: string | null; content: unknown }): string {
  return contentText ?? (typeof content === "string" ? content : JSON.stringify(content));
}
