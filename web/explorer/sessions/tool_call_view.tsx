import { Anchor, Badge, Code, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { JsonBlock } from "../layout/json_block";
import type { Message } from "./conversation";

type ToolCall = Message["toolCalls"]["nodes"][number];

const COLORS: Record<ToolCall["status"], string> = {
  PENDING: "gray",
  AWAITING_CONFIRMATION: "yellow",
  RUNNING: "blue",
  SUCCEEDED: "green",
  FAILED: "red",
  DENIED: "orange",
  CANCELLED: "gray",
};

export function ToolCallView({ call }: { call: ToolCall }) {
  return (
    <Paper withBorder p="xs" bg="var(--mantine-color-default-hover)">
      <Group gap="xs" mb={4}>
        <Code>{call.toolName}</Code>
        <Badge variant="dot" color={COLORS[call.status]}>
          {call.status}
        </Badge>
        <Text size="xs" c="dimmed">
          {call.durationMs != null && `${call.durationMs} ms`}
          {call.attempt > 1 && ` · attempt ${call.attempt}`}
        </Text>
        {call.childSession && (
          <Anchor component={Link} to={`/sessions/${call.childSession.id}`} size="xs">
            {call.childSession.title ?? "Its session"}
          </Anchor>
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xs">
        {call.arguments != null && <JsonBlock value={call.arguments} />}
        <Stack gap={4}>
          {call.result != null && <JsonBlock value={call.result} />}
          {call.errorMessage && (
            <Text size="sm" c="red">
              {call.errorMessage}
            </Text>
          )}
        </Stack>
      </SimpleGrid>
    </Paper>
  );
}
