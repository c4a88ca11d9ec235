import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";

import { authorization } from "../api_key";
import { AnswerHint } from "./answer_hint";
import { KeyField } from "./key_field";
import { storage } from "./kept_tabs";
import { firstTabs } from "./tabs";
import { WaitForEditors } from "./wait_for_editors";

const url = new URL("/graphql", location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol.replace("http", "ws");

const send = createGraphiQLFetcher({
  url: url.href,
  fetch: (input, init) =>
    fetch(input, { ...init, headers: { ...(init?.headers as object), ...authorization() } }),
  wsClient: createClient({ url: socketUrl.href, connectionParams: authorization }),
});

/** For a moment after a tab was opened GraphiQL still names the operation of the one before. */
const fetcher: Fetcher = (request, options) =>
  send(hasOperation(request) ? request : { ...request, operationName: undefined }, options);

function hasOperation({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName) !== null;
  } catch {
    return true; // the server says what is wrong with it
  }
}

const tabs = await firstTabs();
const page = document.getElementById("graphiql")!;
createRoot(page).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={tabs}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    storage={storage}
    defaultEditorToolsVisibility
  >
    <GraphiQL.Logo>
      <a href="/">Explorer</a>
      <KeyField />
    </GraphiQL.Logo>
    <GraphiQL.Footer>
      <AnswerHint />
    </GraphiQL.Footer>
    <WaitForEditors page={page} />
  </GraphiQL>,
);
