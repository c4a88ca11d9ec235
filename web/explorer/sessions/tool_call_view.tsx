import { Anchor, Badge, Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconTool } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { duration } from "../layout/figures";
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
    <Paper withBorder p="xs">
      <Group gap="xs" mb={6}>
        <IconTool size={16} aria-hidden />
        <Text fz={13} fw={600} ff="monospace" style={{ overflowWrap: "anywhere" }}>
          {call.toolName}
        </Text>
        <Badge variant="dot" color={COLORS[call.status]}>
          {call.status}
        </Badge>
        <Text size="xs" c="dimmed">
          {call.durationMs != null && duration(call.durationMs)}
          {call.attempt > 1 && ` · attempt ${call.attempt}`}
        </Text>
        {call.childSession && (
          <Anchor component={Link} to={`/sessions/${call.childSession.id}`} size="xs">
            {call.childSession.title ?? "Its session"} →
          </Anchor>
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xs" verticalSpacing="xs">
        {call.arguments != null && (
          <Part label="Arguments">
            <JsonBlock value={call.arguments} />
          </Part>
        )}
        {(call.result != null || call.errorMessage) && (
          <Part label={call.errorMessage ? "Error" : "Result"}>
            {call.errorMessage && (
              <Text size="sm" c="red" style={{ overflowWrap: "anywhere" }}>
                {call.errorMessage}
              </Text>
            )}
            {call.result != null && <JsonBlock value={call.result} />}
          </Part>
        )}
      </SimpleGrid>
    </Paper>
  );
}

function Part({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Stack gap={2}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      {children}
    </Stack>
  );
}
