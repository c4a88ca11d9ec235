/** What the list of sessions shows, as it stands in the page's address. */

import type { OrderDirection, SessionFilter, SessionOrderField, SessionStatus } from "../.generated/graphql";

export const STATUSES: SessionStatus[] = ["ACTIVE", "WAITING", "COMPLETED", "FAILED", "CANCELLED", "EXPIRED"];
export const ORDERS: Partial<Record<SessionOrderField, string>> = {
  LAST_ACTIVITY_AT: "Last activity",
  STARTED_AT: "Start",
  ENDED_AT: "End",
  QUALITY_SCORE: "Quality",
};

export interface SessionSearch {
  status?: SessionStatus[];
  agent?: string;
  user?: string;
  tag?: string;
  text?: string;
  /** Started within so many days. */
  days?: number;
  order?: SessionOrderField;
  direction?: OrderDirection;
}

/** Reads an address's search; what makes no sense is left out. */
export function readSessionSearch(search: Record<string, unknown>): SessionSearch {
  const text = (name: string) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const statuses = Array.isArray(search["status"]) ? search["status"] : [];
  const order = search["order"] as SessionOrderField;
  const days = Number(search["days"]);
  return {
    status: STATUSES.some((status) => statuses.includes(status))
      ? STATUSES.filter((status) => statuses.includes(status))
      : undefined,
    agent: text("agent"),
    user: text("user"),
    tag: text("tag"),
    text: text("text"),
    days: days > 0 ? days : undefined,
    order: order in ORDERS ? order : undefined,
    direction: search["direction"] === "ASC" ? "ASC" : undefined,
  };
}

/** Gives the API's filter for a search. */
export function filterOf(search: SessionSearch): SessionFilter {
  const filter: SessionFilter = { parent: { isNull: true } };
  if (search.status) filter.status = { in: search.status };
  if (search.agent) filter.agent = { eq: search.agent };
  if (search.user) filter.userId = { eq: search.user };
  if (search.tag) filter.tags = { contains: [search.tag] };
  if (search.days) {
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    filter.startedAt = { gte: new Date(midnight.getTime() - (search.days - 1) * 86_400_000).toISOString() };
  }
  if (search.text) {
    filter.or = [{ title: { contains: search.text } }, { purpose: { contains: search.text } }];
  }
  return filter;
}
