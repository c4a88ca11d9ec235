// Rules of `graphql-transport-ws`: what is no message of a client.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import { describe, test } from "node:test";
import { isClosedWith, options, Socket } from "./rawSocket.js";

const hello = { query: "{ hello }" };

describe("graphql-transport-ws: 4400 for a message", options, () => {
  const subscribe = (members: object) => ({ type: "subscribe", id: "a", payload: hello, ...members });
  const asks = (members: object) => subscribe({ payload: { ...hello, ...members } });
  const bad: Record<string, unknown> = {
    "that is empty": "",
    "that is no JSON": "{",
    "that is a list": [],
    "that is null": "null",
    "that is a string": '"ping"',
    "that is a number": "1",
    "in bytes": Buffer.from('{"type":"ping"}'),
    "without a type": {},
    "with a type of null": { type: null },
    "with a type that is a number": { type: 1 },
    "with a type that is a list": { type: ["ping"] },
    "with a type that nobody knows": { type: "nonsense" },
    "with a type of another protocol": { type: "start", id: "a", payload: hello },
    "with a type in capitals": { type: "PING" },
    "of a server: connection_ack": { type: "connection_ack" },
    "of a server: next": { type: "next", id: "a", payload: { data: null } },
    "of a server: error": { type: "error", id: "a", payload: [{ message: "a" }] },
    "ping, its payload a string": { type: "ping", payload: "a" },
    "ping, its payload a list": { type: "ping", payload: [] },
    "pong, its payload a number": { type: "pong", payload: 0 },
    "complete without an id": { type: "complete" },
    "complete with an empty id": { type: "complete", id: "" },
    "complete, its id a number": { type: "complete", id: 1 },
    "subscribe without an id": subscribe({ id: undefined }),
    "subscribe, its id null": subscribe({ id: null }),
    "subscribe with an empty id": subscribe({ id: "" }),
    "subscribe, its id a number": subscribe({ id: 1 }),
    "subscribe without a payload": subscribe({ payload: undefined }),
    "subscribe, its payload null": subscribe({ payload: null }),
    "subscribe, its payload a string": subscribe({ payload: "{ hello }" }),
    "subscribe, its payload a list": subscribe({ payload: [hello] }),
    "subscribe without a query": subscribe({ payload: {} }),
    "subscribe, its query null": asks({ query: null }),
    "subscribe, its query a number": asks({ query: 1 }),
    "subscribe, its query an object": asks({ query: {} }),
    "subscribe, its variables a list": asks({ variables: [] }),
    "subscribe, its variables a string": asks({ variables: "{}" }),
    "subscribe, its operationName a number": asks({ operationName: 1 }),
    "subscribe, its operationName an object": asks({ operationName: {} }),
    "subscribe, its extensions a list": asks({ extensions: [] }),
    "subscribe, its extensions a string": asks({ extensions: "a" }),
  };
  for (const [name, message] of Object.entries(bad)) {
    test(name, async () => {
      const socket = await Socket.connect();
      socket.send(message);
      await isClosedWith(4400, socket);
    });
  }
  for (const payload of ["a", [], 1, true]) {
    test(`connection_init, its payload ${JSON.stringify(payload)}`, async () => {
      const socket = await Socket.open();
      socket.send({ type: "connection_init", payload });
      await isClosedWith(4400, socket);
    });
  }
  test("that is no JSON, before the connection is acknowledged", async () => {
    const socket = await Socket.open();
    socket.send("{");
    await isClosedWith(4400, socket);
  });
});
