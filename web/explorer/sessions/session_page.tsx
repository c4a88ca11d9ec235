import { Badge, Box, Grid, Group, Loader, Stack, Tabs, Text, Title } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";
import { Conversation } from "./conversation";
import { OpenQuestions } from "./open_questions";
import { SessionTree } from "./session_tree";
import { StatusBadge } from "./status_badge";
import { Timeline } from "./timeline";
import { useSessionNews } from "./session_news";

const SESSION = graphql(`
  query Session($session: ID!) {
    session(id: $session) {
      id
      sessionId
      title
      purpose
      status
      kind
      userId
      tags
      startedAt
      endedAt
      lastActivityAt
      agent {
        id
        name
      }
      root {
        id
      }
      lastMessage: messages(last: 1) {
        nodes {
          sequence
        }
      }
      lastEvent: events(last: 1) {
        nodes {
          sequence
        }
      }
      confirmations(filter: { status: { eq: PENDING } }) {
        nodes {
          id
          toolName
          arguments
          userMessage
          createdAt
          expiresAt
        }
      }
      treeUsage {
        sessionCount
        messageCount
        toolCallCount
        failedToolCallCount
        inputTokens
        outputTokens
        costUsd
        durationMs
      }
    }
  }
`);

/** One session: its tree, what was said and done in it, live. */
export function SessionPage() {
  const { session: id } = useParams({ from: "/sessions/$session" });
  const { view = "conversation" } = useSearch({ from: "/sessions/$session" });
  const navigate = useNavigate({ from: "/sessions/$session" });
  const [{ data, error, fetching }, reload] = useQuery({ query: SESSION, variables: { session: id } });
  const session = data?.session;
  const news = useSessionNews(session, () => reload({ requestPolicy: "network-only" }));

  if (error) return <Failure error={error} />;
  if (!session) {
    return fetching ? <Loader /> : <Text>There is no such session, or the key may not see it.</Text>;
  }
  const usage = session.treeUsage;
  return (
    <Stack gap="sm" h="calc(100dvh - 80px)">
      <Stack gap={4}>
        <Group gap="sm">
          <Title order={1} size="h3">
            {session.title ?? session.sessionId ?? session.id}
          </Title>
          <StatusBadge status={session.status} />
          {session.tags.map((tag) => (
            <Badge key={tag} variant="outline" color="gray" size="sm">
              {tag}
            </Badge>
          ))}
        </Group>
        <Text size="sm" c="dimmed">
          {session.agent?.name ?? "No agent"}
          {session.userId && ` · ${session.userId}`} · began <Ago time={session.startedAt} /> · last active{" "}
          <Ago time={session.lastActivityAt} />
        </Text>
        <Text size="sm" c="dimmed">
          {usage.sessionCount} {usage.sessionCount === 1 ? "session" : "sessions"} · {usage.messageCount} messages ·{" "}
          {usage.toolCallCount} tool calls ({usage.failedToolCallCount} failed) · {usage.inputTokens} tokens in,{" "}
          {usage.outputTokens} out · ${Number(usage.costUsd).toFixed(4)}
        </Text>
      </Stack>
      <OpenQuestions questions={session.confirmations.nodes} />
      <Grid gap="md" style={{ flex: 1, minHeight: 0 }} styles={{ inner: { height: "100%" } }}>
        <Grid.Col span={{ base: 12, sm: 3 }}>
          <SessionTree root={session.root.id} shown={session.id} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 9 }} h="100%">
          <Tabs
            value={view}
            onChange={(chosen) => void navigate({ search: { view: chosen === "timeline" ? "timeline" : undefined } })}
            h="100%"
            display="flex"
            style={{ flexDirection: "column" }}
          >
            <Tabs.List>
              <Tabs.Tab value="conversation">Conversation</Tabs.Tab>
              <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
            </Tabs.List>
            <Box style={{ flex: 1, minHeight: 0 }} pt="xs">
              {view === "timeline" ? (
                <Timeline session={session.id} count={news.eventSequence} />
              ) : (
                <Conversation session={session.id} count={news.messageSequence} changed={news.changed} />
              )}
            </Box>
          </Tabs>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
