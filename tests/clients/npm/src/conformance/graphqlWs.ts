// What the client graphql-ws needs of a server.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Client, type ClientOptions, createClient, type SubscribePayload } from "graphql-ws";
import { WebSocket } from "ws";
import { options, socketUrl } from "./rawSocket.js";

const greeting = { data: { hello: "hello world" } };

/** A client, and what it told of its socket. */
function makeClient(given: Partial<ClientOptions> = {}) {
  const events: string[] = [];
  const client = createClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...given,
    on: {
      connected: (_socket, _payload, isRetry) => events.push(isRetry ? "again" : "connected"),
      closed: (event) => events.push(`closed ${(event as CloseEvent).code}`),
      ping: (isReceived) => events.push(isReceived ? "ping received" : "ping sent"),
      pong: (isReceived) => events.push(isReceived ? "pong received" : "pong sent"),
      ...given.on,
    },
  });
  return { client, events };
}

/** Ask for one operation; give all answers, or throw what ended them. */
async function ask(client: Client, payload: SubscribePayload | string): Promise<unknown[]> {
  const answers: unknown[] = [];
  const asked = typeof payload === "string" ? { query: payload } : payload;
  for await (const answer of client.iterate(asked)) answers.push(answer);
  return answers;
}

/** Wait until something is so, which nothing tells of. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("graphql-ws", options, () => {
  test("a query, a mutation and a subscription", async () => {
    const { client } = makeClient();
    assert.deepEqual(await ask(client, "{ hello }"), [greeting]);
    const write = 'mutation { write(input: { text: "a" }) }';
    assert.deepEqual(await ask(client, write), [{ data: { write: "a" } }]);
    assert.deepEqual(await ask(client, "subscription { ticks(to: 3) }"), [
      { data: { ticks: 1 } },
      { data: { ticks: 2 } },
      { data: { ticks: 3 } },
    ]);
    await client.dispose();
  });
  test("variables, an operation's name and extensions", async () => {
    const { client } = makeClient();
    const [answer] = await ask(client, {
      query: "query A { hello } query B($name: String!) { hello(name: $name) }",
      operationName: "B",
      variables: { name: "you" },
      extensions: { cost: true },
    });
    const { data, extensions } = answer as Record<string, object>;
    assert.deepEqual(data, { hello: "hello you" });
    assert.ok("cost" in extensions!);
    await client.dispose();
  });
  test("many at once have one socket, and all their answers", async () => {
    const { client, events } = makeClient({ lazyCloseTimeout: 1_000 });
    const asked = Array.from({ length: 50 }, (_, to) => ask(client, `subscription { ticks(to: ${to}) }`));
    const answers = await Promise.all(asked);
    assert.deepEqual(
      answers.map((each) => each.length),
      [...answers.keys()],
    );
    assert.deepEqual(events, ["connected"]);
    await client.dispose();
  });
  test("an invalid operation is told as GraphQL's errors, and others go on", async () => {
    const { client, events } = makeClient({ lazy: false });
    const following = client.iterate({ query: "subscription { follow }" });
    assert.deepEqual((await following.next()).value, { data: { follow: "started" } });
    await assert.rejects(ask(client, "{ nothing }"), (errors: any) => {
      assert.equal(errors[0].extensions.code, "BAD_USER_INPUT");
      return true;
    });
    assert.deepEqual(await ask(client, "{ hello }"), [greeting]);
    assert.deepEqual(events, ["connected"]);
    await client.dispose();
  });
  test("a field that fails is beside the data", async () => {
    const { client } = makeClient();
    const [answer] = await ask(client, '{ fails(how: "conflict") hello }');
    const { data, errors } = answer as { data: object; errors: { path: string[] }[] };
    assert.deepEqual(data, { fails: null, hello: "hello world" });
    assert.deepEqual(errors[0]!.path, ["fails"]);
    await client.dispose();
  });
  test("a lazy client connects when it asks, and leaves after its last operation", async () => {
    const { client, events } = makeClient();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(events.length, 0);
    await ask(client, "{ hello }");
    await until(() => events.includes("closed 1000"));
    assert.deepEqual(events, ["connected", "closed 1000"]);
    await client.dispose();
  });
  test("a client that is not lazy connects at once, and stays", async () => {
    const { client, events } = makeClient({ lazy: false });
    await until(() => events.length > 0);
    await ask(client, "{ hello }");
    assert.deepEqual(events, ["connected"]);
    await client.dispose();
    await until(() => events.length > 1);
    assert.deepEqual(events, ["connected", "closed 1000"]);
  });
  test("keepAlive: its pings are answered", async () => {
    const { client, events } = makeClient({ lazy: false, keepAlive: 50 });
    const isPong = (event: string) => event === "pong received";
    await until(() => events.filter(isPong).length >= 3);
    assert.deepEqual(events.slice(0, 5), [
      "connected",
      ...["ping sent", "pong received", "ping sent", "pong received"],
    ]);
    await client.dispose();
  });
  test("a subscription that is left stops, and others go on", async () => {
    const { client, events } = makeClient({ lazy: false });
    const other = client.iterate({ query: "subscription { flood(size: 10) }" });
    for await (const _ of client.iterate({ query: "subscription { flood(size: 10) }" })) break;
    for (let each = 0; each < 20; each++) assert.ok((await other.next()).value);
    assert.deepEqual(events, ["connected"]);
    await client.dispose();
  });
  test("connectionParams say who it is, and 4403 is told where that is refused", async () => {
    const known = makeClient({ connectionParams: async () => ({ authorization: "known" }) });
    assert.deepEqual(await ask(known.client, "{ hello }"), [greeting]);
    const { client } = makeClient({ connectionParams: { authorization: "no" } });
    await assert.rejects(ask(client, "{ hello }"), { code: 4403 });
  });
  test("after a 4403 it comes again, with other connectionParams", async () => {
    const keys = ["no", "renewed"];
    const { client, events } = makeClient({
      connectionParams: () => ({ authorization: keys.shift() }),
      retryAttempts: 1,
      retryWait: async () => {},
    });
    assert.deepEqual(await ask(client, "{ hello }"), [greeting]);
    assert.deepEqual(events.slice(0, 2), ["closed 4403", "again"]);
  });
  test("4409 for an id that it gives twice, and it does not come again", async () => {
    const { client, events } = makeClient({ generateID: () => "same", retryAttempts: 5 });
    const first = client.iterate({ query: "subscription { follow }" });
    await first.next();
    await assert.rejects(ask(client, "{ hello }"), { code: 4409 });
    await assert.rejects(first.next(), { code: 4409 });
    assert.deepEqual(events, ["connected", "closed 4409"]);
  });
  test("4408 for a client that says too late who it is", async () => {
    const connectionParams = () => new Promise<undefined>((resolve) => setTimeout(resolve, 5_000));
    const { client } = makeClient({ connectionParams });
    await assert.rejects(ask(client, "{ hello }"), { code: 4408 });
  });
  test("4400 for a message that it garbles", async () => {
    const jsonMessageReplacer = (key: string, value: unknown) => (key === "query" ? 1 : value);
    const { client } = makeClient({ jsonMessageReplacer });
    await assert.rejects(ask(client, "{ hello }"), { code: 4400 });
  });
  test("a socket that was cut off is replaced, and its subscription asked for again", async () => {
    const { client, events } = makeClient({ retryAttempts: 1, retryWait: async () => {} });
    const following = client.iterate({ query: "subscription { follow }" });
    await following.next();
    client.terminate();
    assert.deepEqual((await following.next()).value, { data: { follow: "started" } });
    assert.deepEqual(events.slice(0, 3), ["connected", "closed 4499", "again"]);
    await client.dispose();
  });
  test("a key's one stream is free again when the client has left", async () => {
    const connectionParams = { authorization: "one socket" };
    const first = makeClient({ connectionParams, lazy: false });
    await until(() => first.events.length > 0);
    const second = makeClient({ connectionParams });
    await assert.rejects(ask(second.client, "{ hello }"), { code: 1013 });
    await first.client.dispose();
    const third = makeClient({ connectionParams, retryAttempts: 20, retryWait: () => pause(50) });
    assert.deepEqual(await ask(third.client, "{ hello }"), [greeting]);
  });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
