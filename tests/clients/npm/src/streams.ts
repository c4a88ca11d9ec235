// Queries and mutations by graphql-ws and graphql-sse, as their users write them.
import { createClient as createEventClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { WebSocket } from "ws";

const [, , name, address] = process.argv;
const url = `${address}/graphql`;
const query = "query ($id: ID!) { session(id: $id) { sessionId } }";
const create = `mutation ($id: String!) {
  createSession(input: { sessionId: $id }) { session { sessionId } }
}`;
const clients = {
  "graphql-ws": () => createSocketClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket }),
  "graphql-sse": () => createEventClient({ url }),
};

async function main() {
  const client = clients[name as keyof typeof clients]();
  const answers: unknown[] = [];
  for (const document of [create, query]) {
    const asked = { query: document, variables: { id: name } };
    for await (const answer of client.iterate(asked)) answers.push(answer.data);
  }
  await client.dispose();
  process.stdout.write(JSON.stringify(answers));
}

void main();
