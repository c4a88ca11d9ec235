import { Anchor, Box, Loader, Paper, Slider, Stack, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";
import { JsonBlock } from "../layout/json_block";
import { Missing } from "../layout/missing";
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
        <Title order={1} size="h3">
          {state.moduleId}
        </Title>
        <Text size="sm" c="dimmed">
          in{" "}
          <Anchor component={Link} to={`/sessions/${state.session.id}`} underline="always">
            {state.session.title ?? "its session"}
          </Anchor>{" "}
          · revision{" "}
          {state.revision} · changed <Ago time={state.updatedAt} />
        </Text>
      </div>
      {state.revision > 1 && (
        <Box px="sm" pb="md">
          <Slider
            min={1}
            max={state.revision}
            value={revision}
            thumbLabel="Revision"
            label={(each) => `Revision ${each}`}
            onChange={setChosen}
            onChangeEnd={(each) => void navigate({ search: { revision: each }, replace: true, resetScroll: false })}
          />
        </Box>
      )}
      {asOf && (
        <Paper withBorder p="sm" component="section" aria-label={`The state as of revision ${asOf.revision}`}>
          <Text size="sm" fw={500}>
            As of revision {asOf.revision}, <Ago time={asOf.createdAt} />
          </Text>
          <JsonBlock value={asOf.state} />
        </Paper>
      )}
      <Transitions moduleState={state.id} />
    </Stack>
  );
}
