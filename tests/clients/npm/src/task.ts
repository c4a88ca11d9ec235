import type {
  RecordMessageInput,
  SessionFilter,
  SessionOrder,
} from "../.generated/graphql-codegen/graphql";

/** What every client is given to do, as test_clients.py writes it. */
export interface Task {
  /** Where the server is. */
  url: string;
  /** Walk these sessions, in pages of so many. */
  sessions: { filter: SessionFilter; orderBy: SessionOrder; first: number };
  /** Walk all messages of this session, from the end, in pages of so many. */
  messages: { session: string; last: number };
  /** Record this message twice. */
  message: RecordMessageInput;
  /** Record this message, which the server refuses. */
  refusedMessage: RecordMessageInput;
}

export const task: Task = JSON.parse(process.argv[2]!);

/** What a client did and read. */
export interface Report {
  /** The `sessionId` of each session. */
  sessions: (string | null | undefined)[];
  /** The `sequence` of each message, the first one first. */
  messages: number[];
  /** Both answers to `message`. */
  recorded: unknown[];
  /** The extensions of the error that `refusedMessage` gave. */
  refused: unknown;
}

export function print(report: Report): void {
  process.stdout.write(JSON.stringify(report));
}
