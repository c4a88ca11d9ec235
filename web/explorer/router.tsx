/** The pages by their addresses. What a page shows is in its address, so that links can be shared. */

import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";

import { AgentList } from "./agents/agent_list";
import { AgentPage } from "./agents/agent_page";
import { RANGES } from "./layout/days";
import { Frame } from "./layout/frame";
import { Missing } from "./layout/missing";
import { MemoryList } from "./memories/memory_list";
import { MemoryPage } from "./memories/memory_page";
import { readMemorySearch } from "./memories/memory_search";
import { ModuleStatePage } from "./module_states/module_state_page";
import { SessionList } from "./sessions/session_list";
import { readSessionSearch } from "./sessions/session_search";
import { SessionPage } from "./sessions/session_page";
import { readSessionView } from "./sessions/session_view";

const root = createRootRoute({ component: Frame });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/sessions", search: {} });
  },
});

const sessionsRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  component: SessionList,
  validateSearch: readSessionSearch,
});

const sessionRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions/$session",
  component: SessionPage,
  validateSearch: readSessionView,
});

const agentsRoute = createRoute({ getParentRoute: () => root, path: "/agents", component: AgentList });

const readDays = (search: Record<string, unknown>): { days?: number } =>
  RANGES.includes(Number(search["days"])) ? { days: Number(search["days"]) } : {};

const agentRoute = createRoute({
  getParentRoute: () => root,
  path: "/agents/$agent",
  component: AgentPage,
  validateSearch: readDays,
});

const memoriesRoute = createRoute({
  getParentRoute: () => root,
  path: "/memories",
  component: MemoryList,
  validateSearch: readMemorySearch,
});

const memoryRoute = createRoute({
  getParentRoute: () => root,
  path: "/memories/$memory",
  component: MemoryPage,
  validateSearch: readDays,
});

const moduleStateRoute = createRoute({
  getParentRoute: () => root,
  path: "/module-states/$moduleState",
  component: ModuleStatePage,
  validateSearch: (search: Record<string, unknown>): { revision?: number } =>
    Number(search["revision"]) > 0 ? { revision: Number(search["revision"]) } : {},
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    sessionsRoute,
    sessionRoute,
    agentsRoute,
    agentRoute,
    memoriesRoute,
    memoryRoute,
    moduleStateRoute,
  ]),
  defaultPreload: false,
  scrollRestoration: true,
  defaultNotFoundComponent: () => <Missing noun="page" to="/sessions" />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
