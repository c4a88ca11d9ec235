import { Anchor, Progress, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { graphql } from "../.generated";
import type { MemoryRowFragment } from "../.generated/graphql";
import { Ago } from "../layout/ago";

graphql(`
  fragment MemoryRow on Memory {
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
`);

export function MemoryTable({ memories }: { memories: readonly MemoryRowFragment[] }) {
  return (
    <Table highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Memory</Table.Th>
          <Table.Th visibleFrom="md">Type</Table.Th>
          <Table.Th visibleFrom="sm">Agent</Table.Th>
          <Table.Th visibleFrom="sm">User</Table.Th>
          <Table.Th visibleFrom="md">Importance</Table.Th>
          <Table.Th ta="right">Uses</Table.Th>
          <Table.Th visibleFrom="md">Last used</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {memories.map((memory) => (
          <Table.Tr key={memory.id}>
            <Table.Td maw={480}>
              <Anchor component={Link} to={`/memories/${memory.id}`} size="sm" lineClamp={2}>
                {memory.contentText ?? JSON.stringify(memory.content)}
              </Anchor>
            </Table.Td>
            <Table.Td visibleFrom="md">{memory.type}</Table.Td>
            <Table.Td visibleFrom="sm">{memory.agent?.name}</Table.Td>
            <Table.Td visibleFrom="sm">{memory.userId}</Table.Td>
            <Table.Td visibleFrom="md" w={110}>
              {memory.importance != null && (
                <Progress value={memory.importance * 100} aria-label={`Importance ${memory.importance}`} />
              )}
            </Table.Td>
            <Table.Td ta="right">{memory.accessCount}</Table.Td>
            <Table.Td visibleFrom="md">{memory.lastAccessedAt && <Ago time={memory.lastAccessedAt} />}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
