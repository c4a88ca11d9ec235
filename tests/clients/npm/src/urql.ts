// urql's core, which sends the documents that graphql-codegen typed.
import { Client, fetchExchange } from "@urql/core";
import {
  MessagesDocument,
  RecordMessageDocument,
  SessionsDocument,
  type MessagesQuery,
  type SessionsQuery,
} from "../.generated/graphql-codegen/graphql";
import { print, task } from "./task";

// queries by GET, as far as the URL is short
const client = new Client({ url: task.url, exchanges: [fetchExchange], preferGetMethod: true });

async function walkSessions() {
  const edges: SessionsQuery["sessions"]["edges"] = [];
  let after: string | null | undefined;
  for (;;) {
    const variables = { ...task.sessions, after };
    const { data, error } = await client.query(SessionsDocument, variables);
    if (data === undefined) throw error;
    edges.push(...data.sessions.edges);
    if (!data.sessions.pageInfo.hasNextPage) return edges;
    after = data.sessions.pageInfo.endCursor;
  }
}

async function walkMessages() {
  const edges: NonNullable<MessagesQuery["session"]>["messages"]["edges"] = [];
  let before: string | null | undefined;
  for (;;) {
    const variables = { ...task.messages, before };
    const { data, error } = await client.query(MessagesDocument, variables);
    if (!data?.session) throw error;
    edges.unshift(...data.session.messages.edges);
    if (!data.session.messages.pageInfo.hasPreviousPage) return edges;
    before = data.session.messages.pageInfo.startCursor;
  }
}

async function record() {
  const { data, error } = await client.mutation(RecordMessageDocument, { input: task.message });
  if (error) throw error;
  return data?.recordMessage;
}

async function refuse() {
  const { error } = await client.mutation(RecordMessageDocument, { input: task.refusedMessage });
  return error?.graphQLErrors[0]?.extensions;
}

async function main() {
  print({
    sessions: (await walkSessions()).map(({ node }) => node.sessionId),
    messages: (await walkMessages()).map(({ node }) => node.sequence),
    recorded: [await record(), await record()],
    refused: await refuse(),
  });
}

void main();
