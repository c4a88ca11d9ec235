import { Badge, Group, Paper, Stack, Text } from "@mantine/core";

import { Ago } from "../layout/ago";
import { duration, whole } from "../layout/figures";
import { JsonBlock } from "../layout/json_block";
import type { Message } from "./conversation";
import { ToolCallView } from "./tool_call_view";

const COLORS: Record<Message["role"], string> = {
  SYSTEM: "gray",
  DEVELOPER: "gray",
  USER: "blue",
  ASSISTANT: "indigo",
  TOOL: "teal",
};

export function MessageView({ message }: { message: Message }) {
  const used = [
    message.responseModel,
    message.inputTokens != null && `${whole(message.inputTokens)} tokens in`,
    message.outputTokens != null && `${whole(message.outputTokens)} out`,
    message.durationMs != null && duration(message.durationMs),
  ].filter(Boolean);
  return (
    <Paper component="article" withBorder p="sm" mb="xs" aria-label={`Message ${message.sequence}`}>
      <Group gap="xs" mb={4}>
        <Badge variant="dot" color={COLORS[message.role]}>
          {message.role}
        </Badge>
        {message.name && <Text size="xs">{message.name}</Text>}
        <Text size="xs" c="dimmed">
          #{message.sequence} · <Ago time={message.createdAt} />
          {used.length > 0 && ` · ${used.join(" · ")}`}
        </Text>
        {message.status !== "COMPLETE" && (
          <Badge variant="dot" color={message.status === "ERROR" ? "red" : "yellow"}>
            {message.status}
          </Badge>
        )}
      </Group>
      <Stack gap="xs">
        {message.content != null && message.role === "TOOL" && <JsonBlock value={message.content} />}
        {message.content != null && message.role !== "TOOL" && (
          <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {message.content}
          </Text>
        )}
        {message.error && (
          <Text size="sm" c="red">
            {message.error}
          </Text>
        )}
        {message.toolCalls.nodes.map((call) => (
          <ToolCallView key={call.id} call={call} />
        ))}
      </Stack>
    </Paper>
  );
}
