// A client of `graphql-transport-ws` that may break every rule of it.
import assert from "node:assert/strict";
import { on, once } from "node:events";
import { WebSocket } from "ws";

export const url = `${process.argv[2]}/graphql`;
export const socketUrl = url.replace("http", "ws");

/** How a suite runs: its tests at once, each within so many milliseconds. */
export const options = { concurrency: true, timeout: 30_000 };

export interface Message {
  type: string;
  id?: string;
  payload?: any;
}

export class Socket {
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly messages: AsyncIterator<unknown[]>;

  private constructor(readonly socket: WebSocket) {
    this.messages = on(socket, "message", { close: ["close"] });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Open a socket, on which nothing is said yet. */
  static async open(protocols = ["graphql-transport-ws"]): Promise<Socket> {
    const opened = new Socket(new WebSocket(socketUrl, protocols));
    await once(opened.socket, "open");
    return opened;
  }

  /** Open a socket and have the connection acknowledged. */
  static async connect(payload?: Record<string, unknown>): Promise<Socket> {
    const opened = await Socket.open();
    opened.send({ type: "connection_init", payload });
    assert.deepEqual(await opened.receive(), { type: "connection_ack" });
    return opened;
  }

  /** Send texts and bytes as they are, and anything else as JSON. */
  send(message: unknown): void {
    const isRaw = typeof message === "string" || message instanceof Uint8Array;
    this.socket.send(isRaw ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, members: object = {}): void {
    this.send({ type: "subscribe", id, payload: { query, ...members } });
  }

  async receive(): Promise<Message> {
    const message = await this.messages.next();
    assert.ok(!message.done, "the socket is closed, and a message was expected");
    return JSON.parse(String(message.value[0]));
  }

  /** Receive up to the end of an operation, and nothing of others. */
  async receiveAll(id: string): Promise<Message[]> {
    const received: Message[] = [];
    do {
      received.push(await this.receive());
      assert.equal(received.at(-1)!.id, id);
    } while (received.at(-1)!.type === "next");
    return received;
  }

  /** Give what still comes for what was sent before, up to the answer of another operation. */
  async receiveRest(): Promise<Message[]> {
    const received: Message[] = [];
    this.subscribe("the rest", "{ hello }");
    for (;;) {
      const message = await this.receive();
      if (message.id !== "the rest") received.push(message);
      else if (message.type === "complete") return received;
      else assert.equal(message.type, "next");
    }
  }

  close(): void {
    this.socket.close(1000);
  }
}

/** That the server closes a socket, and says why. */
export async function isClosedWith(code: number, socket: Socket): Promise<void> {
  const closed = await socket.closed;
  assert.equal(closed.code, code);
  assert.ok(closed.reason, "there is no reason");
}

/** That a connection is as it was: it answers, and nothing was left to be said. */
export async function isAlive(socket: Socket): Promise<void> {
  assert.deepEqual(await socket.receiveRest(), []);
  socket.close();
}
