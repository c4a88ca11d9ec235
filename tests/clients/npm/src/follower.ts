// graphql-ws or graphql-sse: follows a session, and goes on where it was when it is cut off.
import { createClient as createEventClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { WebSocket } from "ws";

const [, , name, text] = process.argv;
const { url, query, variables } = JSON.parse(text!);
const request = { query, variables };

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 100));

const socketOptions = {
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  retryAttempts: 1_000,
  retryWait: pause,
  shouldRetry: () => true,
};
const clients = {
  "graphql-ws": () => createSocketClient(socketOptions),
  "graphql-ws that is not lazy": () => createSocketClient({ ...socketOptions, lazy: false }),
  "graphql-sse": () => createEventClient({ url, retryAttempts: 1_000, retry: pause }),
};

async function main() {
  const client = clients[name as keyof typeof clients]();
  for await (const answer of client.iterate<{ sessionEvents: { sequence: number } }>(request)) {
    // the clients write the request anew when they ask again
    request.variables.after = answer.data!.sessionEvents.sequence;
    process.stdout.write(`${JSON.stringify(answer.data)}\n`);
  }
  await client.dispose();
}

void main();
