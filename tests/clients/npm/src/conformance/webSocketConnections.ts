// Rules of `graphql-transport-ws`: how a connection begins, is kept up, and is closed.
// https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { isAlive, isClosedWith, options, Socket } from "./rawSocket.js";

const init = { type: "connection_init" };

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
