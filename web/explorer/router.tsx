/** The pages by their addresses. What a page shows is in its address, so that links can be shared. */

import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";

import { Frame } from "./layout/frame";
import { SessionList } from "./sessions/session_list";
import { readSessionSearch } from "./sessions/session_search";
import { SessionPage } from "./sessions/session_page";

const root = createRootRoute({ component: Frame });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/sessions", search: {} });
  },
});

export const sessionsRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  component: SessionList,
  validateSearch: readSessionSearch,
});

export const sessionRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions/$session",
  component: SessionPage,
  validateSearch: (search: Record<string, unknown>): { view?: "timeline" } =>
    search["view"] === "timeline" ? { view: "timeline" } : {},
});

export const router = createRouter({
  routeTree: root.addChildren([home, sessionsRoute, sessionRoute]),
  defaultPreload: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
