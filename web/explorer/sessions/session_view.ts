/** What of a session is shown, as it stands in the page's address. */

export const SESSION_VIEWS = {
  conversation: "Conversation",
  timeline: "Timeline",
  states: "States",
  memories: "Memories",
};

export type SessionView = keyof typeof SESSION_VIEWS;

/** Reads an address's search; the conversation is shown where it names nothing else. */
export function readSessionView(search: Record<string, unknown>): { view?: SessionView } {
  const view = search["view"];
  return typeof view === "string" && view in SESSION_VIEWS && view !== "conversation"
    ? { view: view as SessionView }
    : {};
}
