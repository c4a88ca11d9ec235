/** What the list of memories shows, as it stands in the page's address. */

import type { MemoryFilter, MemoryOrderField, MemoryState, OrderDirection } from "../.generated/graphql";
import { lastDays } from "../layout/days";
import { readChoice, readCount, readText } from "../layout/search_values";

export const STATES: Record<MemoryState, string> = {
  ACTIVE: "Holds",
  ARCHIVED: "Put away",
  SUPERSEDED: "Superseded",
};
export const OWNERS = { agent: "One agent", all: "All agents" };
export const ORDERS: Record<MemoryOrderField, string> = {
  CREATED_AT: "Recorded",
  UPDATED_AT: "Changed",
  IMPORTANCE: "Importance",
};

export interface MemorySearch {
  text?: string;
  agent?: string;
  /** Whether one agent has it, or all share it. */
  owner?: keyof typeof OWNERS;
  user?: string;
  type?: string;
  /** The finer kind, the API's `memoryType`. */
  kind?: string;
  state?: MemoryState;
  /** Recorded within so many days. */
  days?: number;
  order?: MemoryOrderField;
  direction?: OrderDirection;
}

/** Reads an address's search; what makes no sense is left out. */
export function readMemorySearch(search: Record<string, unknown>): MemorySearch {
  return {
    text: readText(search, "text"),
    agent: readText(search, "agent"),
    owner: readChoice(search, "owner", OWNERS),
    user: readText(search, "user"),
    type: readText(search, "type"),
    kind: readText(search, "kind"),
    state: readChoice(search, "state", STATES),
    days: readCount(search, "days"),
    order: readChoice(search, "order", ORDERS),
    direction: search["direction"] === "ASC" ? "ASC" : undefined,
  };
}

/** Gives the API's filter for a search. */
export function filterOf(search: MemorySearch): MemoryFilter {
  const filter: MemoryFilter = {};
  if (search.text) filter.contentText = { contains: search.text };
  if (search.agent) filter.agent = { eq: search.agent };
  if (search.owner) filter.agent = { ...filter.agent, isNull: search.owner === "all" };
  if (search.user) filter.userId = { eq: search.user };
  if (search.type) filter.type = { eq: search.type };
  if (search.kind) filter.memoryType = { eq: search.kind };
  if (search.state) filter.state = { eq: search.state };
  if (search.days) filter.createdAt = { gte: lastDays(search.days).from };
  return filter;
}
