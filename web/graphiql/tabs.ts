/** The first tabs: documents of `tabs/`, with ids of what is newest in the store. */

import type { GraphiQL } from "graphiql";
import type { ComponentProps } from "react";

import { authorization } from "../api_key";
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

/** Asks the server for the ids; without an answer the tabs are there all the same. */
export async function firstTabs(): Promise<Tabs> {
  const found = await findExamples();
  const session = found?.children.nodes[0]?.root.id ?? found?.sessions.nodes[0]?.id ?? "";
  const now = new Date();
  const values: Record<string, string> = {
    session,
    moduleState: found?.moduleStates.nodes[0]?.id ?? "",
    agent: found?.agents.nodes[0]?.id ?? "",
    memory: found?.memories.nodes[0]?.id ?? "",
    confirmation: found?.confirmations.nodes[0]?.id ?? "",
    from: new Date(now.getTime() - DAYS * 86_400_000).toISOString(),
    to: now.toISOString(),
  };
  return documents.map((query) => {
    const names = [...query.matchAll(/\$(\w+): /g)].map(([, name]) => name!);
    const variables = Object.fromEntries(names.map((name) => [name, values[name] ?? ""]));
    return { query, variables: names.length ? JSON.stringify(variables, null, 2) : null };
  });
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
