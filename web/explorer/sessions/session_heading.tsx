import { Anchor, Badge, Flex, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import dayjs from "dayjs";

import type { SessionQuery } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { CopiedId } from "../layout/copied_id";
import { Figure } from "../layout/figure";
import { dollars, duration, whole } from "../layout/figures";
import { Trail } from "../layout/trail";
import { StatusBadge } from "./status_badge";

type Session = NonNullable<SessionQuery["session"]>;

/** What a session is, where it stands in its tree, and what the tree below it has used. */
export function SessionHeading({ session }: { session: Session }) {
  const above = [session.root, session.parent].filter((each) => each && each.id !== session.id);
  const steps = [...new Map(above.map((each) => [each!.id, each!])).values()].map((each) => ({
    to: `/sessions/${each.id}`,
    label: nameOf(each),
  }));
  return (
    <Stack gap={6}>
      <title>{`${nameOf(session)} · Sessiongraph`}</title>
      <Trail label="Where this session stands" steps={[{ to: "/sessions", label: "Sessions" }, ...steps]} />
      <Group gap="xs">
        <Title order={1} size="h3">
          {nameOf(session)}
        </Title>
        <StatusBadge status={session.status} />
        {session.tags.map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
      </Group>
      <Group gap="xs" c="dimmed" fz="sm">
        <span>
          {session.agent ? (
            <Anchor component={Link} to={`/agents/${session.agent.id}`} underline="always" size="sm">
              {session.agent.name}
            </Anchor>
          ) : (
            "No agent"
          )}
          {session.userId && ` · for ${session.userId}`} · began <Ago time={session.startedAt} />
          {session.endedAt
            ? ` · took ${duration(dayjs(session.endedAt).diff(session.startedAt))}`
            : " · last active "}
          {!session.endedAt && <Ago time={session.lastActivityAt} />}
        </span>
        <CopiedId value={session.id} label={session.sessionId ?? session.id} />
      </Group>
      <Usage usage={session.treeUsage} />
    </Stack>
  );
}

function Usage({ usage }: { usage: Session["treeUsage"] }) {
  return (
    <Flex wrap="wrap" columnGap="xl" rowGap={4} role="group" aria-label="Used by this session and those below it">
      <Figure label="Sessions">{whole(usage.sessionCount)}</Figure>
      <Figure label="Messages">{whole(usage.messageCount)}</Figure>
      <Figure label="Tool calls">
        {whole(usage.toolCallCount)}
        {usage.failedToolCallCount > 0 && (
          <Text span inherit c="red">
            {` · ${whole(usage.failedToolCallCount)} failed`}
          </Text>
        )}
      </Figure>
      <Figure label="Tokens in">{whole(usage.inputTokens)}</Figure>
      <Figure label="Tokens out">{whole(usage.outputTokens)}</Figure>
      <Figure label="Cost">{dollars(usage.costUsd)}</Figure>
    </Flex>
  );
}

export function nameOf(session: { id: string; sessionId: string | null; title: string | null }): string {
  return session.title ?? session.sessionId ?? session.id;
}
