import { Grid, Loader, Stack, Tabs } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Failure } from "../layout/failure";
import { Missing } from "../layout/missing";
import { Conversation } from "./conversation";
import { OpenQuestions } from "./open_questions";
import { SessionHeading } from "./session_heading";
import { SessionMemories } from "./session_memories";
import { useSessionNews } from "./session_news";
import { SessionStates } from "./session_states";
import { SessionTree } from "./session_tree";
import { readSessionView, SESSION_VIEWS } from "./session_view";
import { Timeline } from "./timeline";

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
        sessionId
        title
      }
      parent {
        id
        sessionId
        title
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

const panel = { pt: "xs", style: { flex: 1, minHeight: 0 } };

/** One session: its tree, what was said and done in it, live. */
export function SessionPage() {
  const { session: id } = useParams({ from: "/sessions/$session" });
  const { view = "conversation" } = useSearch({ from: "/sessions/$session" });
  const navigate = useNavigate({ from: "/sessions/$session" });
  const [{ data, error, fetching }, reload] = useQuery({ query: SESSION, variables: { session: id } });
  const session = data?.session;
  const news = useSessionNews(session, () => reload({ requestPolicy: "network-only" }));

  if (error) return <Failure error={error} />;
  if (!session) return fetching ? <Loader /> : <Missing noun="session" to="/sessions" />;
  return (
    <Stack gap="sm" h={{ sm: "calc(100dvh - 80px)" }}>
      <SessionHeading session={session} />
      <OpenQuestions questions={session.confirmations.nodes} />
      <Grid gap="md" mih="28rem" style={{ flex: 1 }} styles={{ inner: { height: "100%" } }}>
        <Grid.Col span={{ base: 12, sm: 5, md: 4, xl: 3 }}>
          <SessionTree root={session.root.id} shown={session.id} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 7, md: 8, xl: 9 }} h={{ base: "80dvh", sm: "100%" }}>
          <Tabs
            value={view}
            keepMounted={false}
            styles={{ tab: { paddingInline: "0.7rem" } }}
            onChange={(chosen) => void navigate({ search: readSessionView({ view: chosen }), resetScroll: false })}
            h="100%"
            display="flex"
            style={{ flexDirection: "column" }}
          >
            <Tabs.List>
              {Object.entries(SESSION_VIEWS).map(([name, label]) => (
                <Tabs.Tab key={name} value={name}>
                  {label}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel {...panel} value="conversation">
              <Conversation
                key={session.id}
                session={session.id}
                count={news.messageSequence}
                changed={news.changed}
              />
            </Tabs.Panel>
            <Tabs.Panel {...panel} value="timeline">
              <Timeline key={session.id} session={session.id} count={news.eventSequence} />
            </Tabs.Panel>
            <Tabs.Panel {...panel} value="states">
              <SessionStates session={session.id} events={news.eventSequence} />
            </Tabs.Panel>
            <Tabs.Panel {...panel} value="memories">
              <SessionMemories session={session.id} />
            </Tabs.Panel>
          </Tabs>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
