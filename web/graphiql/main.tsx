import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";

import { authorization } from "../api_key";
import { KeyField } from "./key_field";
import { firstTabs } from "./tabs";

const url = new URL("/graphql", location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol.replace("http", "ws");

const fetcher = createGraphiQLFetcher({
  url: url.href,
  fetch: (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as object), ...authorization() } }),
  wsClient: createClient({ url: socketUrl.href, connectionParams: authorization }),
});

const tabs = await firstTabs().catch(() => []);
createRoot(document.getElementById("graphiql")!).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={tabs}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    storage={sessionStorage}
    defaultEditorToolsVisibility
  >
    <GraphiQL.Logo>
      <KeyField />
    </GraphiQL.Logo>
  </GraphiQL>,
);
