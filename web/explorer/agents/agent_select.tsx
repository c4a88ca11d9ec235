import { Select } from "@mantine/core";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { FIELD_STYLE } from "../layout/list_filters";

const NAMES = graphql(`
  query AgentNames {
    agents(first: 200, orderBy: { field: NAME, direction: ASC }) {
      nodes {
        id
        agentId
        name
      }
    }
  }
`);

interface AgentSelectProps {
  /** An agent's own name. */
  agent: string | undefined;
  onChange: (agent: string | undefined) => void;
}

/** Where one of the project's agents is chosen. */
export function AgentSelect({ agent, onChange }: AgentSelectProps) {
  const [{ data }] = useQuery({ query: NAMES });
  const agents = (data?.agents.nodes ?? []).map((each) => ({ value: each.agentId, label: each.name }));
  return (
    <Select
      size="xs"
      style={FIELD_STYLE}
      label="Agent"
      placeholder="Any agent"
      data={agents}
      value={agent ?? null}
      searchable
      clearable
      nothingFoundMessage="No such agent"
      onChange={(chosen) => onChange(chosen ?? undefined)}
    />
  );
}
