// Rules of `graphql-transport-ws`: operations, from subscribe to complete or error.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isAlive, options, Socket } from "./rawSocket.js";

const hello = { query: "{ hello }" };
const greeting = { data: { hello: "hello world" } };

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
