// Apollo Client: its cache joins the pages by relayStylePagination.
import {
  ApolloClient,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
  type ObservableQuery,
} from "@apollo/client/core";
import { relayStylePagination } from "@apollo/client/utilities";
import {
  MessagesDocument,
  RecordMessageDocument,
  SessionsDocument,
} from "../.generated/graphql-codegen/graphql";
import { print, task } from "./task";

const client = new ApolloClient({
  link: new HttpLink({ uri: task.url }),
  cache: new InMemoryCache({
    typePolicies: {
      Query: { fields: { sessions: relayStylePagination(["filter", "orderBy"]) } },
      Session: { fields: { messages: relayStylePagination() } },
    },
  }),
});

/** Fetch page after page, until `next` gives no variables; give what the cache made of them. */
function walk<Data, Variables extends Record<string, unknown>>(
  query: ObservableQuery<Data, Variables>,
  next: (data: Data) => Partial<Variables> | undefined,
): Promise<Data> {
  return new Promise((resolve, reject) => {
    query.subscribe(({ data, dataState, error, loading }) => {
      if (error) return reject(error);
      if (loading || dataState !== "complete") return;
      const variables = next(data as Data);
      if (variables) return void query.fetchMore({ variables }).catch(reject);
      resolve(data as Data);
    });
  });
}

async function record(input: typeof task.message) {
  const { data } = await client.mutate({ mutation: RecordMessageDocument, variables: { input } });
  return data?.recordMessage;
}

async function refuse() {
  try {
    const variables = { input: task.refusedMessage };
    await client.mutate({ mutation: RecordMessageDocument, variables });
  } catch (error) {
    if (CombinedGraphQLErrors.is(error)) return error.errors[0]?.extensions;
    throw error;
  }
}

async function main() {
  const { sessions } = await walk(
    client.watchQuery({ query: SessionsDocument, variables: task.sessions }),
    ({ sessions: { pageInfo } }) =>
      pageInfo.hasNextPage ? { after: pageInfo.endCursor } : undefined,
  );
  const { session } = await walk(
    client.watchQuery({ query: MessagesDocument, variables: task.messages }),
    ({ session }) =>
      session?.messages.pageInfo.hasPreviousPage
        ? { before: session.messages.pageInfo.startCursor }
        : undefined,
  );
  print({
    sessions: sessions.edges.map(({ node }) => node.sessionId),
    messages: session!.messages.edges.map(({ node }) => node.sequence),
    recorded: [await record(task.message), await record(task.message)],
    refused: await refuse(),
  });
}

void main();
