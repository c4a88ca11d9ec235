/** What the list of sessions shows, as it stands in the page's address. */

import type { OrderDirection, SessionFilter, SessionOrderField, SessionStatus } from "../.generated/graphql";
import { lastDays } from "../layout/days";
import { readChoice, readCount, readText } from "../layout/search_values";

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
  const statuses = Array.isArray(search["status"]) ? search["status"] : [];
  return {
    status: STATUSES.some((status) => statuses.includes(status))
      ? STATUSES.filter((status) => statuses.includes(status))
      : undefined,
    agent: readText(search, "agent"),
    user: readText(search, "user"),
    tag: readText(search, "tag"),
    text: readText(search, "text"),
    days: readCount(search, "days"),
    order: readChoice(search, "order", ORDERS),
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
  if (search.days) filter.startedAt = { gte: lastDays(search.days).from };
  if (search.text) {
    filter.or = [{ title: { contains: search.text } }, { purpose: { contains: search.text } }];
  }
  return filter;
}
