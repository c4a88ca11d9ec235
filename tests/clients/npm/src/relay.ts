// Relay's runtime, with what usePaginationFragment does but without React: the compiled fragments
// say how the next page is asked for, and the store joins it to the connection.
import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getSelector,
  getValueAtPath,
  Network,
  RecordSource,
  Store,
  type ConcreteRequest,
  type Direction,
  type GraphQLResponse,
  type ReaderFragment,
  type Variables,
} from "relay-runtime";
import messagesQuery from "../.generated/relay/SessionListMessagesQuery.graphql";
import recordMessage, {
  type SessionListRecordMessageMutation,
} from "../.generated/relay/SessionListRecordMessageMutation.graphql";
import sessionsQuery from "../.generated/relay/SessionListQuery.graphql";
import messagesFragment, {
  type SessionList_messages$data,
} from "../.generated/relay/SessionList_messages.graphql";
import sessionsFragment, {
  type SessionList_sessions$data,
} from "../.generated/relay/SessionList_sessions.graphql";
import { print, task } from "./task";

const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(async ({ text }, variables) => {
    const response = await fetch(task.url, {
      method: "POST",
      headers: {
        accept: "application/graphql-response+json, application/json;q=0.9",
        "content-type": "application/json",
      },
      body: JSON.stringify({ query: text, variables }),
    });
    return (await response.json()) as GraphQLResponse;
  }),
});

interface Connection {
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

/** Load page after page of a fragment's connection; give what the store made of them. */
async function walk<Data>(
  query: ConcreteRequest,
  variables: Variables & { count: number },
  path: string[],
  fragment: ReaderFragment,
  direction: Direction,
): Promise<Data> {
  const operation = createOperationDescriptor(query, variables);
  environment.retain(operation);
  await fetchQuery(environment, query, variables).toPromise();
  const reference = getValueAtPath(environment.lookup(operation.fragment).data, path);
  const selector = getSelector(fragment, reference);
  if (selector?.kind !== "SingularReaderSelector") throw new Error("There is no such object.");
  const metadata = getPaginationMetadata(fragment, fragment.name);
  for (;;) {
    const data = environment.lookup(selector).data as Record<string, unknown>;
    const { pageInfo } = getValueAtPath(data, metadata.connectionPathInFragmentData) as Connection;
    const forward = direction === "forward";
    if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return data as Data;
    const { identifierField } = metadata;
    const next = getPaginationVariables(
      direction,
      variables.count,
      forward ? pageInfo.endCursor : pageInfo.startCursor,
      { ...selector.owner.variables, ...selector.variables },
      identifierField ? { id: data[identifierField] } : {},
      metadata.paginationMetadata,
    );
    await fetchQuery(environment, metadata.paginationRequest, next).toPromise();
  }
}

async function walkSessions() {
  const { first: count, ...variables } = task.sessions;
  return walk<SessionList_sessions$data>(
    sessionsQuery,
    { count, ...variables },
    [],
    sessionsFragment,
    "forward",
  );
}

async function walkMessages() {
  const { session, last: count } = task.messages;
  return walk<SessionList_messages$data>(
    messagesQuery,
    { session, count },
    ["session"],
    messagesFragment,
    "backward",
  );
}

type Mutation = SessionListRecordMessageMutation;

function record(input: Mutation["variables"]["input"]) {
  return new Promise<Mutation["response"]["recordMessage"]>((resolve, reject) => {
    commitMutation<Mutation>(environment, {
      mutation: recordMessage,
      variables: { input },
      onCompleted: ({ recordMessage }, errors) =>
        errors ? reject(errors) : resolve(recordMessage),
      onError: reject,
    });
  });
}

async function main() {
  const { sessions } = await walkSessions();
  const { messages } = await walkMessages();
  print({
    sessions: sessions.edges.map(({ node }) => node.sessionId),
    messages: messages.edges.map(({ node }) => node.sequence),
    recorded: [await record(task.message), await record(task.message)],
    refused: await record(task.refusedMessage).catch(([{ extensions }]) => extensions),
  });
}

void main();
