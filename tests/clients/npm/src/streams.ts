// The clients graphql-ws and graphql-sse, each told of the same server.
import { createClient as createEventClient } from "graphql-sse";
import { CloseCode, createClient as createSocketClient, type Client } from "graphql-ws";
import { WebSocket } from "ws";

const url = `${process.argv[2]}/graphql`;
const create = `mutation ($id: String!) {
  createSession(input: { sessionId: $id }) { session { sessionId } }
}`;

interface Asked {
  query: string;
  variables?: Record<string, unknown>;
}

/** What can be asked for over either: anything that has sinks. */
type Subscribe = (
  asked: Asked,
  sink: { next(value: unknown): void; error(error: unknown): void; complete(): void },
) => () => void;

/** Ask for one operation, and give all answers, or the error that ended them. */
function ask(subscribe: Subscribe, asked: Asked): Promise<unknown> {
  return new Promise((resolve) => {
    const answers: unknown[] = [];
    subscribe(asked, {
      next: (answer) => answers.push(answer),
      error: (error) => resolve({ error: describe(error) }),
      complete: () => resolve(answers),
    });
  });
}

/** Close events become their codes, and lists of GraphQL's errors their messages' codes. */
function describe(error: unknown): unknown {
  if (Array.isArray(error)) return error.map((each) => each.extensions.code);
  if (typeof error === "object" && error !== null && "code" in error) return error.code;
  return error instanceof Error ? error.constructor.name : String(error);
}

function socketClient(options: object = {}): Client {
  return createSocketClient({
    url: url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...options,
  });
}

async function overWebSocket() {
  const client = socketClient({ connectionParams: { authorization: undefined } });
  const subscribe: Subscribe = (asked, sink) => client.subscribe(asked, sink);
  const report = await runAll(subscribe, "graphql-ws");
  await client.dispose();
  const refused = socketClient({ connectionParams: { authorization: "Bearer sg_a_b" } });
  return {
    ...report,
    refused: await ask((asked, sink) => refused.subscribe(asked, sink), { query: "{ __typename }" }),
  };
}

async function overEvents() {
  const client = createEventClient({ url, retryAttempts: 0 });
  const subscribe: Subscribe = (asked, sink) => client.subscribe(asked, sink);
  const report = await runAll(subscribe, "graphql-sse");
  client.dispose();
  const refused = createEventClient({
    url,
    retryAttempts: 0,
    headers: { authorization: "Bearer sg_a_b" },
  });
  return {
    ...report,
    refused: await ask((asked, sink) => refused.subscribe(asked, sink), { query: "{ __typename }" }),
  };
}

async function runAll(subscribe: Subscribe, name: string) {
  return {
    query: await ask(subscribe, { query: "{ __typename }" }),
    mutation: await ask(subscribe, { query: create, variables: { id: name } }),
    invalid: await ask(subscribe, { query: "{ nothing }" }),
    parallel: await Promise.all(
      [...Array(20).keys()].map(() => ask(subscribe, { query: "{ __typename }" })),
    ),
  };
}

/** Send these texts on a socket, and give the code that it is closed with. */
function closeCode(texts: string[], protocol = "graphql-transport-ws"): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws"), protocol ? [protocol] : []);
    socket.on("open", () => texts.forEach((text) => socket.send(text)));
    socket.on("close", resolve);
    socket.on("error", () => resolve(-1));
  });
}

async function main() {
  const init = '{"type":"connection_init"}';
  const codes = {
    [CloseCode.BadRequest]: await closeCode([init, "[]"]),
    [CloseCode.Unauthorized]: await closeCode([
      '{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}',
    ]),
    [CloseCode.ConnectionInitialisationTimeout]: await closeCode([]),
    [CloseCode.TooManyInitialisationRequests]: await closeCode([init, init]),
  };
  const report = { webSocket: await overWebSocket(), events: await overEvents(), codes };
  process.stdout.write(JSON.stringify(report));
}

void main().then(() => process.exit(0));
