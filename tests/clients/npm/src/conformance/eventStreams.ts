// The rules of GraphQL over Server-Sent Events, "distinct connections mode".
// https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventSource } from "eventsource";
import { options, url } from "./rawSocket.js";

const greeting = { data: { hello: "hello world" } };
const accept = "text/event-stream";

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { accept, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function get(members: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}?${new URLSearchParams(members)}`, { headers: { accept, ...headers } });
}

interface Event {
  event: string;
  data: any;
}

/** Read a stream to its end: its events, each of whose data is JSON or nothing. */
async function readEvents(response: Response): Promise<Event[]> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type")?.split(";")[0], accept);
  const text = await response.text();
  assert.ok(text.endsWith("\n\n"), "the last event has no end");
  return text
    .split("\n\n")
    .map((block) => block.split("\n").filter((line) => line !== "" && !line.startsWith(":")))
    .filter((lines) => lines.length > 0)
    .map((lines) => {
      const [event, ...data] = lines;
      assert.ok(event!.startsWith("event: ") && data.length > 0);
      assert.ok(data.every((line) => line.startsWith("data: ")));
      const json = data.map((line) => line.slice("data: ".length)).join("\n");
      return { event: event!.slice("event: ".length), data: json === "" ? null : JSON.parse(json) };
    });
}

const complete = { event: "complete", data: null };

async function isRefused(response: Response, status: number): Promise<void> {
  assert.equal(response.status, status);
  assert.equal(response.headers.get("content-type")?.split(";")[0], "application/json");
  const { errors } = (await response.json()) as { errors: { message: string }[] };
  assert.ok(errors[0]!.message);
}

describe("text/event-stream: negotiation", options, () => {
  for (const wanted of [
    "text/event-stream",
    "text/event-stream; charset=utf-8",
    "TEXT/EVENT-STREAM",
    "text/event-stream, multipart/mixed",
    "application/json;q=0.5, text/event-stream",
  ]) {
    test(`accept: ${wanted} has a stream`, async () => {
      const events = await readEvents(await post({ query: "{ hello }" }, { accept: wanted }));
      assert.deepEqual(events, [{ event: "next", data: greeting }, complete]);
    });
  }
  for (const wanted of ["*/*", "application/json", "application/graphql-response+json", "text/event-stream;q=0, */*"]) {
    test(`accept: ${wanted} has no stream`, async () => {
      const response = await post({ query: "{ hello }" }, { accept: wanted });
      assert.notEqual(response.headers.get("content-type")?.split(";")[0], accept);
      assert.deepEqual(await response.json(), greeting);
    });
  }
  test("406 for a type that is not there", async () => {
    await isRefused(await post({ query: "{ hello }" }, { accept: "image/png" }), 406);
  });
  test("nothing on the way keeps or gathers the events", async () => {
    const response = await post({ query: "{ hello }" });
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("x-accel-buffering"), "no");
    assert.equal(response.headers.get("content-length"), null);
    assert.equal(response.headers.get("content-encoding"), null);
    await response.text();
  });
});

describe("text/event-stream: operations", options, () => {
  for (const [method, ask] of Object.entries({ POST: post, GET: get })) {
    test(`${method}: a query has one next and a complete`, async () => {
      const events = await readEvents(await ask({ query: "{ hello }" }));
      assert.deepEqual(events, [{ event: "next", data: greeting }, complete]);
    });
    test(`${method}: a subscription has a next for each event, in order, and a complete`, async () => {
      const events = await readEvents(await ask({ query: "subscription { ticks(to: 200) }" }));
      const nexts = Array.from({ length: 200 }, (_, number) => ({
        event: "next",
        data: { data: { ticks: number + 1 } },
      }));
      assert.deepEqual(events, [...nexts, complete]);
    });
    test(`${method}: a subscription without events has a complete`, async () => {
      const events = await readEvents(await ask({ query: "subscription { ticks(to: 0) }" }));
      assert.deepEqual(events, [complete]);
    });
  }
  const members = {
    query: "query A { hello } query B($name: String!) { hello(name: $name) }",
    operationName: "B",
  };
  const variables = { name: "é\u2028\n😀" };
  const extensions = { cost: true };
  test("POST: variables, the operation's name and extensions are taken", async () => {
    const [next] = await readEvents(await post({ ...members, variables, extensions }));
    assert.deepEqual(next!.data.data, { hello: "hello é\u2028\n😀" });
    assert.ok(next!.data.extensions.cost);
  });
  test("GET: variables, the operation's name and extensions are taken", async () => {
    const asked = { variables: JSON.stringify(variables), extensions: JSON.stringify(extensions) };
    const [next] = await readEvents(await get({ ...members, ...asked }));
    assert.deepEqual(next!.data.data, { hello: "hello é\u2028\n😀" });
    assert.ok(next!.data.extensions.cost);
  });
  test("POST: a mutation has one next and a complete", async () => {
    const events = await readEvents(await post({ query: 'mutation { write(input: { text: "a" }) }' }));
    assert.deepEqual(events, [{ event: "next", data: { data: { write: "a" } } }, complete]);
  });
  test("GET: 405 for a mutation", async () => {
    await isRefused(await get({ query: 'mutation { write(input: { text: "a" }) }' }), 405);
  });
  test("an event comes when it happens, and comments while none does", async () => {
    const leaving = new AbortController();
    const body = JSON.stringify({ query: "subscription { follow }" });
    const headers = { accept, "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body, signal: leaving.signal });
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(piece, { stream: true });
      if (/event: next\ndata: .*\n\n(:.*\n\n){2}/.test(text)) break;
    }
    leaving.abort();
    assert.ok(!text.includes("event: complete"));
  });
  test("a client that leaves has its stream ended by the server", async () => {
    const key = { authorization: "one stream" };
    const leaving = new AbortController();
    const body = JSON.stringify({ query: "subscription { follow }" });
    const headers = { accept, "content-type": "application/json", ...key };
    const first = await fetch(url, { method: "POST", headers, body, signal: leaving.signal });
    assert.equal(first.status, 200);
    const second = await post({ query: "{ hello }" }, key);
    assert.ok(second.headers.get("retry-after"));
    await isRefused(second, 429); // the key may have one
    leaving.abort();
    for (;;) {
      const third = await post({ query: "{ hello }" }, key);
      if (third.status === 200) {
        await readEvents(third);
        return;
      }
      await third.text();
    }
  });
});

describe("text/event-stream: errors", options, () => {
  const invalid = {
    "a syntax error": "{",
    "an unknown field": "{ nothing }",
    "a variable of the wrong type": "query ($n: Int!) { integer(value: $n) }",
    "an empty document": "",
    "a subscription that fails at its start": "subscription { breaks(atStart: true) { name } }",
  };
  for (const [name, query] of Object.entries(invalid)) {
    for (const [method, ask] of Object.entries({ POST: post, GET: get })) {
      test(`${method}: ${name} is a next with errors and no data, and a complete`, async () => {
        const [next, last] = await readEvents(await ask({ query }));
        assert.equal(next!.event, "next");
        assert.equal(typeof next!.data.errors[0].message, "string");
        assert.ok(!("data" in next!.data));
        assert.deepEqual(last, complete);
      });
    }
  }
  test("a field that fails is beside the data", async () => {
    const [next, last] = await readEvents(await post({ query: '{ fails(how: "conflict") hello }' }));
    assert.deepEqual(next!.data.data, { fails: null, hello: "hello world" });
    assert.deepEqual(next!.data.errors[0].path, ["fails"]);
    assert.deepEqual(last, complete);
  });
  test("a subscription that breaks ends with errors, and a complete", async () => {
    const events = await readEvents(await post({ query: "subscription { breaks { name } }" }));
    assert.equal(events.length, 3);
    assert.ok(events[1]!.data.errors);
    assert.deepEqual(events[2], complete);
  });
  const malformed = {
    "a body that is a list": [],
    "no query": {},
    "a query that is a number": { query: 1 },
    "variables that are a list": { query: "{ hello }", variables: [] },
    "extensions that are a text": { query: "{ hello }", extensions: "a" },
  };
  for (const [name, body] of Object.entries(malformed)) {
    test(`400 for ${name}`, async () => await isRefused(await post(body), 400));
  }
  test("401 for a key that is refused", async () => {
    await isRefused(await post({ query: "{ hello }" }, { authorization: "no" }), 401);
  });
});

describe("text/event-stream: single connection mode is not offered", options, () => {
  test("405 for a reservation", async () => {
    const response = await fetch(url, { method: "PUT" });
    assert.equal(response.headers.get("allow"), "GET, POST");
    await isRefused(response, 405);
  });
  test("400 for a stream by a token", async () => {
    await isRefused(await get({ token: "a" }), 400);
  });
  test("405 for stopping an operation", async () => {
    const response = await fetch(`${url}?operationId=a`, { method: "DELETE" });
    assert.equal(response.headers.get("allow"), "GET, POST");
    await isRefused(response, 405);
  });
});

describe("EventSource", options, () => {
  test("it hears each next, and the complete", async () => {
    const query = "subscription { ticks(to: 3) }";
    const source = new EventSource(`${url}?${new URLSearchParams({ query })}`);
    const heard: unknown[] = [];
    source.addEventListener("next", (event) => heard.push(JSON.parse(event.data)));
    await new Promise((resolve) => source.addEventListener("complete", resolve));
    source.close();
    assert.deepEqual(
      heard,
      [1, 2, 3].map((ticks) => ({ data: { ticks } })),
    );
  });
  test("it hears what is wrong with an operation", async () => {
    const source = new EventSource(`${url}?${new URLSearchParams({ query: "{ nothing }" })}`);
    const heard: any[] = [];
    source.addEventListener("next", (event) => heard.push(JSON.parse(event.data)));
    await new Promise((resolve) => source.addEventListener("complete", resolve));
    source.close();
    assert.equal(heard[0].errors[0].extensions.code, "BAD_USER_INPUT");
  });
});
