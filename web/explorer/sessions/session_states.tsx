import { Anchor, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";

const STATES = graphql(`
  query SessionStates($session: ID!) {
    session(id: $session) {
      id
      moduleStates(first: 200) {
        nodes {
          id
          moduleId
          stateType
          revision
          updatedAt
        }
      }
    }
  }
`);

/** The states of a session's modules. They are read again when `events` grows. */
export function SessionStates({ session, events }: { session: string; events: number }) {
  const [{ data, error }, reload] = useQuery({ query: STATES, variables: { session } });
  useEffect(() => reload({ requestPolicy: "network-only" }), [events, reload]);
  if (error) return <Failure error={error} />;
  const states = data?.session?.moduleStates.nodes;
  if (states?.length === 0) return <Text c="dimmed">No module of this session has a state. `upsertModuleState` records one.</Text>;
  return (
    <Table highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Module</Table.Th>
          <Table.Th>Type</Table.Th>
          <Table.Th ta="right">Revision</Table.Th>
          <Table.Th>Changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {states?.map((state) => (
          <Table.Tr key={state.id}>
            <Table.Td>
              <Anchor component={Link} to={`/module-states/${state.id}`} size="sm" fw={500}>
                {state.moduleId}
              </Anchor>
            </Table.Td>
            <Table.Td>{state.stateType}</Table.Td>
            <Table.Td ta="right">{state.revision}</Table.Td>
            <Table.Td>
              <Ago time={state.updatedAt} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
