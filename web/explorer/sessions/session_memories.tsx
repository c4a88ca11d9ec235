import { Text } from "@mantine/core";
import { useQuery } from "urql";

import { graphql } from "../.generated";
import { Failure } from "../layout/failure";
import { MemoryTable } from "../memories/memory_table";

const MEMORIES = graphql(`
  query SessionMemories($session: ID!) {
    session(id: $session) {
      id
      memories(first: 200) {
        nodes {
          ...MemoryRow
        }
      }
    }
  }
`);

/** What was remembered in a session. */
export function SessionMemories({ session }: { session: string }) {
  const [{ data, error }] = useQuery({ query: MEMORIES, variables: { session } });
  if (error) return <Failure error={error} />;
  const memories = data?.session?.memories.nodes;
  if (memories?.length === 0) return <Text c="dimmed">Nothing was remembered in this session. `createMemory` records a memory.</Text>;
  return memories && <MemoryTable memories={memories} />;
}
