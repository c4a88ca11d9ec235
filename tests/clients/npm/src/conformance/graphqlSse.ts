// What the client graphql-sse needs of a server.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Client, type ClientOptions, createClient, NetworkError, type RequestParams } from "graphql-sse";
import { options, url } from "./rawSocket.js";

const greeting = { data: { hello: "hello world" } };

function makeClient(given: Partial<ClientOptions> = {}): Client {
  return createClient({ url, retryAttempts: 0, ...given });
}

/** Ask for one operation; give all answers, or throw what ended them. */
async function ask(client: Client, asked: RequestParams | string): Promise<any[]> {
  const answers: unknown[] = [];
  const request = typeof asked === "string" ? { query: asked } : asked;
  for await (const answer of client.iterate(request)) answers.push(answer);
  return answers;
}

function isRefusedWith(status: number) {
  return (error: unknown) => error instanceof NetworkError && error.response?.status === status;
}

describe("graphql-sse", options, () => {
  test("a query, a mutation and a subscription", async () => {
    const client = makeClient();
    assert.deepEqual(await ask(client, "{ hello }"), [greeting]);
    const write = 'mutation { write(input: { text: "a" }) }';
    assert.deepEqual(await ask(client, write), [{ data: { write: "a" } }]);
    assert.deepEqual(await ask(client, "subscription { ticks(to: 3) }"), [
      { data: { ticks: 1 } },
      { data: { ticks: 2 } },
      { data: { ticks: 3 } },
    ]);
    client.dispose();
  });
  test("variables, an operation's name and extensions", async () => {
    const client = makeClient();
    const [answer] = await ask(client, {
      query: "query A { hello } query B($name: String!) { hello(name: $name) }",
      operationName: "B",
      variables: { name: "you\n\nand\r\nyou" },
      extensions: { cost: true },
    });
    assert.deepEqual(answer.data, { hello: "hello you\n\nand\r\nyou" });
    assert.ok(answer.extensions.cost);
  });
  test("stored JSON of several lines is one event", async () => {
    assert.deepEqual(await ask(makeClient(), "{ lines }"), [{ data: { lines: { a: 1 } } }]);
  });
  test("an invalid operation has one answer with errors", async () => {
    const answers = await ask(makeClient(), "{ nothing }");
    assert.equal(answers.length, 1);
    assert.equal(answers[0].errors[0].extensions.code, "BAD_USER_INPUT");
  });
  test("many at once have a stream each, and all their answers", async () => {
    const client = makeClient();
    const asked = Array.from({ length: 50 }, (_, to) => ask(client, `subscription { ticks(to: ${to}) }`));
    const answers = await Promise.all(asked);
    assert.deepEqual(
      answers.map((each) => each.length),
      [...answers.keys()],
    );
    client.dispose();
  });
  test("comments while nothing happens are no events", async () => {
    const client = makeClient();
    const messages: string[] = [];
    const subscribed = client.iterate(
      { query: "subscription { follow }" },
      { message: ({ event }) => messages.push(event) },
    );
    await subscribed.next();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.deepEqual(messages, ["next"]);
    client.dispose();
  });
  test("a subscription that is left stops on the server", async () => {
    const client = makeClient({ headers: { authorization: "one subscription" } });
    for await (const _ of client.iterate({ query: "subscription { flood(size: 10) }" })) break;
    // the key may have one stream
    const again = makeClient({
      headers: { authorization: "one subscription" },
      retryAttempts: 50,
      retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
    });
    assert.deepEqual(await ask(again, "{ hello }"), [greeting]);
  });
  test("headers say who it is, and a refusal is told", async () => {
    const client = makeClient({ headers: () => ({ authorization: "no" }) });
    await assert.rejects(ask(client, "{ hello }"), isRefusedWith(401));
  });
  test("after a refusal it comes again, with other headers", async () => {
    const keys = ["no", "renewed"];
    const client = makeClient({
      headers: () => ({ authorization: keys.shift()! }),
      retryAttempts: 1,
      retry: async () => {},
    });
    assert.deepEqual(await ask(client, "{ hello }"), [greeting]);
  });
  test("single connection mode is refused with a 405", async () => {
    const client = createClient({ url, retryAttempts: 0, singleConnection: true });
    const asked = new Promise((resolve, reject) => {
      client.subscribe({ query: "{ hello }" }, { next: resolve, error: reject, complete: () => {} });
    });
    await assert.rejects(asked, isRefusedWith(405));
  });
});
