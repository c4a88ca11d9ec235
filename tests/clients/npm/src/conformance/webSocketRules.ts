// The rules of `graphql-transport-ws`, and what becomes of clients that break them.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Socket } from "./socket.js";

const init = { type: "connection_init" };
const hello = { query: "{ hello }" };
const greeting = { data: { hello: "hello world" } };

async function isClosedWith(code: number, socket: Socket): Promise<void> {
  const closed = await socket.closed;
  assert.equal(closed.code, code);
  assert.ok(closed.reason, "there is no reason");
}

/** That a connection is as it was: it answers, and nothing was left to be said. */
async function isAlive(socket: Socket): Promise<void> {
  assert.deepEqual(await socket.receiveRest(), []);
  socket.close();
}

const options = { concurrency: true, timeout: 30_000 };

describe("graphql-transport-ws: handshake", options, () => {
  test("the subprotocol is chosen", async () => {
    const socket = await Socket.open(["graphql-ws", "graphql-transport-ws"]);
    assert.equal(socket.socket.protocol, "graphql-transport-ws");
    socket.close();
  });
  test("4406 for none", async () => {
    await isClosedWith(4406, await Socket.open([]));
  });
  test("another one is not chosen", async () => {
    await assert.rejects(Socket.open(["graphql-ws"]), /no subprotocol/);
  });
});

describe("graphql-transport-ws: connection_init", options, () => {
  for (const payload of [undefined, null, {}, { authorization: "somebody", other: [1] }]) {
    test(`is acknowledged with the payload ${JSON.stringify(payload)}`, async () => {
      const socket = await Socket.open();
      socket.send({ ...init, payload });
      assert.deepEqual(await socket.receive(), { type: "connection_ack" });
      await isAlive(socket);
    });
  }
  test("4408 for none in time", async () => {
    await isClosedWith(4408, await Socket.open());
  });
  test("4408 for pings alone", async () => {
    const socket = await Socket.open();
    const pinging = setInterval(() => socket.send({ type: "ping" }), 200);
    await isClosedWith(4408, socket);
    clearInterval(pinging);
  });
  test("a connection that was acknowledged in time stays", async () => {
    const late = await Socket.open();
    const socket = await Socket.connect();
    await late.closed;
    await isAlive(socket);
  });
  test("4429 for a second one", async () => {
    const socket = await Socket.connect();
    socket.send(init);
    await isClosedWith(4429, socket);
  });
  test("4429 for a second one before the acknowledgement", async () => {
    const socket = await Socket.open();
    socket.send(init);
    socket.send(init);
    await isClosedWith(4429, socket);
  });
  test("4429 ends operations that are under way", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { follow }");
    await socket.receive();
    socket.send(init);
    await isClosedWith(4429, socket);
  });
  test("4403 for a key that is refused", async () => {
    const socket = await Socket.open();
    socket.send({ ...init, payload: { authorization: "no" } });
    await isClosedWith(4403, socket);
  });
  test("4401 for an operation before it", async () => {
    const socket = await Socket.open();
    socket.subscribe("a", "{ hello }");
    await isClosedWith(4401, socket);
  });
  test("an operation right behind it comes after the acknowledgement", async () => {
    const socket = await Socket.open();
    socket.send(init);
    socket.subscribe("a", "{ hello }");
    assert.deepEqual(await socket.receive(), { type: "connection_ack" });
    assert.equal((await socket.receiveAll("a")).length, 2);
    await isAlive(socket);
  });
  test("4403 is all that an operation right behind a refused one hears", async () => {
    const socket = await Socket.open();
    const messages: unknown[] = [];
    socket.socket.on("message", (message) => messages.push(message));
    socket.send({ ...init, payload: { authorization: "no" } });
    socket.subscribe("a", "{ hello }");
    await isClosedWith(4403, socket);
    assert.equal(messages.length, 0);
  });
  test("a complete before it is ignored", async () => {
    const socket = await Socket.open();
    socket.send({ type: "complete", id: "a" });
    socket.send(init);
    assert.deepEqual(await socket.receive(), { type: "connection_ack" });
    await isAlive(socket);
  });
});

describe("graphql-transport-ws: ping and pong", options, () => {
  test("a ping is answered before the connection is acknowledged", async () => {
    const socket = await Socket.open();
    socket.send({ type: "ping" });
    assert.deepEqual(await socket.receive(), { type: "pong" });
    socket.close();
  });
  test("a ping is answered while operations run", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "{ waits }");
    socket.send({ type: "ping", payload: null });
    assert.deepEqual(await socket.receive(), { type: "pong" });
    socket.close();
  });
  test("a pong has the payload of its ping", async () => {
    const socket = await Socket.connect();
    const payload = { a: [1, null, "é"] };
    socket.send({ type: "ping", payload });
    assert.deepEqual(await socket.receive(), { type: "pong", payload });
    await isAlive(socket);
  });
  test("a pong that was not asked for is ignored", async () => {
    const socket = await Socket.connect();
    socket.send({ type: "pong" });
    socket.send({ type: "pong", payload: { a: 1 } });
    await isAlive(socket);
  });
  test("the server pings, by frames of WebSocket itself", async () => {
    const socket = await Socket.connect();
    await once(socket.socket, "ping");
    await isAlive(socket);
  });
  test("frames of WebSocket itself are answered", async () => {
    const socket = await Socket.connect();
    socket.socket.ping("abc");
    const [data] = await once(socket.socket, "pong");
    assert.equal(String(data), "abc");
    await isAlive(socket);
  });
});

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
    "of a server: next": { type: "next", id: "a", payload: greeting },
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
      socket.send({ ...init, payload });
      await isClosedWith(4400, socket);
    });
  }
  test("that is no JSON, before the connection is acknowledged", async () => {
    const socket = await Socket.open();
    socket.send("{");
    await isClosedWith(4400, socket);
  });
});

describe("graphql-transport-ws: operations", options, () => {
  test("a query has one next and a complete", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "{ hello }");
    assert.deepEqual(await socket.receiveAll("a"), [
      { type: "next", id: "a", payload: greeting },
      { type: "complete", id: "a" },
    ]);
    await isAlive(socket);
  });
  test("a mutation has one next and a complete", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", 'mutation { write(input: { text: "a" }) }');
    const [next, last] = await socket.receiveAll("a");
    assert.deepEqual(next!.payload, { data: { write: "a" } });
    assert.deepEqual(last, { type: "complete", id: "a" });
    await isAlive(socket);
  });
  test("a subscription has a next for each event, in order, and a complete", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { ticks(to: 200) }");
    const received = await socket.receiveAll("a");
    assert.deepEqual(
      received.slice(0, -1).map((message) => message.payload.data.ticks),
      Array.from({ length: 200 }, (_, number) => number + 1),
    );
    assert.deepEqual(received.at(-1), { type: "complete", id: "a" });
    await isAlive(socket);
  });
  test("a subscription without events yet has no message", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { ticks(to: 0) }");
    assert.deepEqual(await socket.receiveAll("a"), [{ type: "complete", id: "a" }]);
    await isAlive(socket);
  });
  test("variables, the operation's name and extensions are taken", async () => {
    const socket = await Socket.connect();
    const query = "query A { hello } query B($name: String!) { hello(name: $name) }";
    const variables = { name: "é\u2028😀" };
    socket.subscribe("a", query, { variables, operationName: "B", extensions: { cost: true } });
    const [next] = await socket.receiveAll("a");
    assert.deepEqual(next!.payload.data, { hello: "hello é\u2028😀" });
    assert.ok(next!.payload.extensions.cost);
    await isAlive(socket);
  });
  test("members that are null are as if they were not there", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "{ hello }", { variables: null, operationName: null, extensions: null });
    assert.equal((await socket.receiveAll("a")).length, 2);
    await isAlive(socket);
  });
  test("members that nobody knows are no fault", async () => {
    const socket = await Socket.connect();
    socket.send({ type: "subscribe", id: "a", payload: { ...hello, more: 1 }, more: 1 });
    assert.equal((await socket.receiveAll("a")).length, 2);
    await isAlive(socket);
  });
  test("an id is any text", async () => {
    const socket = await Socket.connect();
    for (const id of ["0", " ", "é😀\"\\\n", "__proto__", "x".repeat(128)]) {
      socket.subscribe(id, "{ hello }");
      assert.equal((await socket.receiveAll(id)).length, 2);
    }
    await isAlive(socket);
  });
  test("many run side by side, and each has its own messages", async () => {
    const socket = await Socket.connect();
    const ids = Array.from({ length: 50 }, (_, number) => String(number));
    for (const id of ids) socket.subscribe(id, `subscription { ticks(to: ${id}) }`);
    const events = new Map(ids.map((id) => [id, 0]));
    for (let left = ids.length; left > 0; ) {
      const message = await socket.receive();
      if (message.type === "complete") {
        assert.equal(events.get(message.id!), Number(message.id));
        left--;
      } else {
        assert.equal(message.type, "next");
        events.set(message.id!, events.get(message.id!)! + 1);
        assert.equal(message.payload.data.ticks, events.get(message.id!));
      }
    }
    await isAlive(socket);
  });
  test("a quick one does not wait for a slow one", async () => {
    const socket = await Socket.connect();
    socket.subscribe("slow", "{ waits }");
    socket.subscribe("quick", "{ hello }");
    assert.equal((await socket.receiveAll("quick")).length, 2);
    socket.close();
  });
});

describe("graphql-transport-ws: ids", options, () => {
  for (const [kind, first] of [
    ["query", "{ waits }"],
    ["subscription", "subscription { follow }"],
  ]) {
    test(`4409 for the id of a ${kind} under way`, async () => {
      const socket = await Socket.connect();
      socket.subscribe("a", first!);
      socket.subscribe("a", "{ hello }");
      const closed = await socket.closed;
      assert.deepEqual(closed, { code: 4409, reason: "Subscriber for a already exists" });
    });
  }
  test("an id is free again after the server's complete", async () => {
    const socket = await Socket.connect();
    for (let times = 0; times < 20; times++) {
      socket.subscribe("a", "{ hello }");
      assert.equal((await socket.receiveAll("a")).length, 2);
    }
    await isAlive(socket);
  });
  test("an id is free again after the client's complete", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { follow }");
    assert.equal((await socket.receive()).type, "next");
    socket.send({ type: "complete", id: "a" });
    socket.subscribe("a", "{ hello }");
    assert.equal((await socket.receiveAll("a")).length, 2);
    await isAlive(socket);
  });
  test("an id is free again after an error", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "{ nothing }");
    assert.equal((await socket.receive()).type, "error");
    socket.subscribe("a", "{ hello }");
    assert.equal((await socket.receiveAll("a")).length, 2);
    await isAlive(socket);
  });
  test("two connections have the same id", async () => {
    const sockets = await Promise.all([Socket.connect(), Socket.connect()]);
    for (const socket of sockets) socket.subscribe("a", "subscription { follow }");
    for (const socket of sockets) {
      assert.equal((await socket.receive()).id, "a");
      await isAlive(socket);
    }
  });
});

describe("graphql-transport-ws: complete", options, () => {
  test("a client's complete stops the events, and has no answer", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { flood(size: 10) }");
    for (let events = 0; events < 5; events++) await socket.receive();
    socket.send({ type: "complete", id: "a" });
    const underway = await socket.receiveRest();
    assert.ok(underway.every((message) => message.type === "next" && message.id === "a"));
    await isAlive(socket);
  });
  test("other operations of the connection go on", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { follow }");
    await socket.receive();
    socket.subscribe("b", "subscription { flood(size: 10) }");
    await socket.receive();
    socket.send({ type: "complete", id: "a" });
    for (let events = 0; events < 20; events++) assert.equal((await socket.receive()).id, "b");
    socket.close();
  });
  test("a query that was completed has no answer", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "{ waits }");
    socket.send({ type: "complete", id: "a" });
    await isAlive(socket);
  });
  test("one right behind its subscribe counts", async () => {
    const socket = await Socket.connect();
    for (let times = 0; times < 200; times++) {
      socket.subscribe("a", "subscription { flood(size: 10) }");
      socket.send({ type: "complete", id: "a" });
    }
    await socket.receiveRest();
    await isAlive(socket);
  });
  test("one that crosses the server's is ignored", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "{ hello }");
    await socket.receiveAll("a");
    socket.send({ type: "complete", id: "a" });
    await isAlive(socket);
  });
  test("one for an id that never was is ignored", async () => {
    const socket = await Socket.connect();
    socket.send({ type: "complete", id: "never" });
    await isAlive(socket);
  });
});

describe("graphql-transport-ws: errors", options, () => {
  const invalid = {
    "a syntax error": "{",
    "an unknown field": "{ nothing }",
    "a variable of the wrong type": "query ($n: Int!) { integer(value: $n) }",
    "no operation": "fragment F on Query { hello }",
    "an empty document": "",
    "a subscription of two fields": "subscription { a: ticks b: ticks }",
    "a subscription that fails at its start": "subscription { breaks(atStart: true) { name } }",
  };
  for (const [name, query] of Object.entries(invalid)) {
    test(`${name} is an error without a complete, and the socket lives`, async () => {
      const socket = await Socket.connect();
      socket.subscribe("other", "subscription { follow }");
      await socket.receive();
      socket.subscribe("a", query);
      const error = await socket.receive();
      assert.deepEqual([error.type, error.id], ["error", "a"]);
      assert.ok(error.payload.length > 0);
      for (const each of error.payload) assert.equal(typeof each.message, "string");
      await isAlive(socket);
    });
  }
  test("an operationName that is not there is an error", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "query A { hello }", { operationName: "B" });
    assert.equal((await socket.receive()).type, "error");
    await isAlive(socket);
  });
  test("a field that fails is in a next, with the data of the others", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", '{ fails(how: "conflict") hello }');
    const [next, last] = await socket.receiveAll("a");
    assert.deepEqual(next!.payload.data, { fails: null, hello: "hello world" });
    assert.deepEqual(next!.payload.errors[0].path, ["fails"]);
    assert.equal(last!.type, "complete");
    await isAlive(socket);
  });
  test("a subscription that breaks ends with an error and has no complete", async () => {
    const socket = await Socket.connect();
    socket.subscribe("a", "subscription { breaks { name } }");
    const received = await socket.receiveAll("a");
    assert.deepEqual(
      received.map((message) => message.type),
      ["next", "error"],
    );
    await isAlive(socket);
  });
});
