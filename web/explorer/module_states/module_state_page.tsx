import { Box, Loader, Paper, Slider, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";
import { JsonBlock } from "../layout/json_block";
import { Missing } from "../layout/missing";
import { Trail } from "../layout/trail";
import { Transitions } from "./transitions";

const STATE = graphql(`
  query ModuleState($moduleState: ID!) {
    moduleState(id: $moduleState) {
      id
      moduleId
      stateType
      version
      revision
      updatedAt
      session {
        id
        title
      }
    }
  }
`);

const AS_OF = graphql(`
  query ModuleStateAsOf($moduleState: ID!, $revision: Int!) {
    moduleState(id: $moduleState) {
      asOf(revision: $revision) {
        revision
        state
        createdAt
      }
    }
  }
`);

/** Of the slider; more would run into each other on a phone. */
const MOST_MARKS = 12;

/** A module's state as of any of its revisions, and how it became so. */
export function ModuleStatePage() {
  const { moduleState: id } = useParams({ from: "/module-states/$moduleState" });
  const { revision: asked } = useSearch({ from: "/module-states/$moduleState" });
  const navigate = useNavigate({ from: "/module-states/$moduleState" });
  const [{ data, error, fetching }] = useQuery({ query: STATE, variables: { moduleState: id } });
  const state = data?.moduleState;
  const [chosen, setChosen] = useState(asked);
  const revision = chosen ?? state?.revision ?? 1;
  const [settled] = useDebouncedValue(revision, 100);
  const [then] = useQuery({
    query: AS_OF,
    variables: { moduleState: id, revision: settled },
    pause: !state,
  });
  if (error) return <Failure error={error} />;
  if (!state) return fetching ? <Loader /> : <Missing noun="module state" to="/sessions" />;
  const asOf = then.data?.moduleState?.asOf;
  return (
    <Stack gap="md">
      <title>{`${state.moduleId} · Sessiongraph`}</title>
      <div>
        <Trail
          label="Where this state stands"
          steps={[
            { to: "/sessions", label: "Sessions" },
            { to: `/sessions/${state.session.id}`, label: state.session.title ?? "Its session" },
          ]}
        />
        <Title order={1} size="h3">
          {state.moduleId}
        </Title>
        <Text size="sm" c="dimmed">
          {state.stateType && `${state.stateType} · `}revision {state.revision} · changed <Ago time={state.updatedAt} />
        </Text>
      </div>
      {state.revision > 1 && (
        <Box px="sm" pb={state.revision > MOST_MARKS ? 0 : "md"}>
          <Slider
            min={1}
            max={state.revision}
            value={revision}
            marks={marksOf(state.revision)}
            styles={{ markLabel: { color: "var(--mantine-color-dimmed)" } }}
            thumbLabel="Revision"
            label={(each) => `Revision ${each}`}
            onChange={setChosen}
            onChangeEnd={(each) => void navigate({ search: { revision: each }, replace: true, resetScroll: false })}
          />
        </Box>
      )}
      {asOf && (
        <Paper withBorder p="sm" component="section" aria-label={`The state as of revision ${asOf.revision}`}>
          <Text size="sm" fw={600} mb={4}>
            As of revision {asOf.revision} of {state.revision}, <Ago time={asOf.createdAt} />
          </Text>
          <JsonBlock value={asOf.state} />
        </Paper>
      )}
      <Transitions moduleState={state.id} chosen={revision} />
    </Stack>
  );
}

function marksOf(revisions: number): { value: number; label?: number }[] {
  if (revisions > MOST_MARKS) return [];
  return Array.from({ length: revisions }, (_, index) => ({ value: index + 1, label: index + 1 }));
}
