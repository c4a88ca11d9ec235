import { Anchor, Badge, Breadcrumbs, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import type { SessionQuery } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { StatusBadge } from "./status_badge";

type Session = NonNullable<SessionQuery["session"]>;

/** What a session is, where it stands in its tree, and what the tree below it has used. */
export function SessionHeading({ session }: { session: Session }) {
  const usage = session.treeUsage;
  const above = [session.root, session.parent].filter((each) => each && each.id !== session.id);
  return (
    <Stack gap={4}>
      <title>{`${nameOf(session)} · Sessiongraph`}</title>
      <Breadcrumbs component="nav" aria-label="Where this session stands">
        <Anchor component={Link} to="/sessions" size="sm">
          Sessions
        </Anchor>
        {[...new Map(above.map((each) => [each!.id, each!])).values()].map((each) => (
          <Anchor key={each.id} component={Link} to={`/sessions/${each.id}`} size="sm">
            {nameOf(each)}
          </Anchor>
        ))}
      </Breadcrumbs>
      <Group gap="sm">
        <Title order={1} size="h3">
          {nameOf(session)}
        </Title>
        <StatusBadge status={session.status} />
        {session.tags.map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
      </Group>
      <Text size="sm" c="dimmed">
        {session.agent ? (
          <Anchor component={Link} to={`/agents/${session.agent.id}`} underline="always">
            {session.agent.name}
          </Anchor>
        ) : (
          "No agent"
        )}
        {session.userId && ` · ${session.userId}`} · began <Ago time={session.startedAt} /> · last active{" "}
        <Ago time={session.lastActivityAt} />
      </Text>
      <Text size="sm" c="dimmed">
        {usage.sessionCount} {usage.sessionCount === 1 ? "session" : "sessions"} · {usage.messageCount} messages ·{" "}
        {usage.toolCallCount} tool calls ({usage.failedToolCallCount} failed) · {usage.inputTokens} tokens in,{" "}
        {usage.outputTokens} out · ${Number(usage.costUsd).toFixed(4)}
      </Text>
    </Stack>
  );
}

export function nameOf(session: { id: string; sessionId: string | null; title: string | null }): string {
  return session.title ?? session.sessionId ?? session.id;
}
