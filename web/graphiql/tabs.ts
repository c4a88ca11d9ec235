/** The first tabs: documents of `tabs/`, with ids of what is newest in the store. */

import type { GraphiQL } from "graphiql";
import type { ComponentProps } from "react";

import { authorization } from "../api_key";
import { changeKeptVariables } from "./kept_tabs";
import examplesDocument from "./tabs/examples.graphql?raw";

type Tabs = NonNullable<ComponentProps<typeof GraphiQL>["defaultTabs"]>;

const documents = Object.entries(
  import.meta.glob<string>("./tabs/[0-9]_*.graphql", { query: "?raw", import: "default", eager: true }),
)
  .sort(([one], [other]) => (one < other ? -1 : 1))
  .map(([, document]) => document);

const DAYS = 90;

interface Examples {
  sessions: { nodes: { id: string }[] };
  children: { nodes: { root: { id: string } }[] };
  moduleStates: { nodes: { id: string }[] };
  agents: { nodes: { id: string }[] };
  memories: { nodes: { id: string }[] };
  confirmations: { nodes: { id: string }[] };
}

/** Names of variables that stand for what is in the store. */
type Ids = Record<"session" | "moduleState" | "agent" | "memory" | "confirmation", string>;

/** Asks the server for the ids; without an answer the tabs are there all the same. */
export async function firstTabs(): Promise<Tabs> {
  const ids = idsOf(await findExamples().catch(() => null));
  changeKeptVariables((name, value) => (value === "" && name in ids ? ids[name as keyof Ids] : value));
  const now = new Date();
  const from = new Date(now.getTime() - DAYS * 86_400_000);
  const values: Record<string, string> = { ...ids, from: from.toISOString(), to: now.toISOString() };
  return documents.map((query) => {
    const names = [...query.matchAll(/\$(\w+): /g)].map(([, name]) => name!);
    const variables = Object.fromEntries(names.map((name) => [name, values[name] ?? ""]));
    return { query, variables: names.length ? JSON.stringify(variables, null, 2) : null };
  });
}

/** Takes the ids out of the tabs that are kept: another key may be for another store. */
export function forgetIds(): void {
  const names = idsOf(null);
  changeKeptVariables((name, value) => (name in names ? "" : value));
}

function idsOf(found: Examples | null): Ids {
  return {
    session: found?.children.nodes[0]?.root.id ?? found?.sessions.nodes[0]?.id ?? "",
    moduleState: found?.moduleStates.nodes[0]?.id ?? "",
    agent: found?.agents.nodes[0]?.id ?? "",
    memory: found?.memories.nodes[0]?.id ?? "",
    confirmation: found?.confirmations.nodes[0]?.id ?? "",
  };
}

async function findExamples(): Promise<Examples | null> {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...authorization() },
    body: JSON.stringify({ query: examplesDocument }),
  });
  const { data } = (await answer.json()) as { data?: Examples | null };
  return data ?? null;
}
