import { Box, Flex, Group, Skeleton, Text } from "@mantine/core";
import { useCallback } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import type { SessionEventsQuery } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { useChunks } from "../layout/chunks";
import { whole } from "../layout/figures";
import { JsonBlock } from "../layout/json_block";
import { LongList } from "../layout/long_list";
import { DocumentDiff } from "./document_diff";

const EVENTS = graphql(`
  query SessionEvents($session: ID!, $above: Int!, $upTo: Int!) {
    session(id: $session) {
      events(first: 100, filter: { sequence: { gt: $above, lte: $upTo } }) {
        nodes {
          id
          sequence
          eventType
          eventData
          actorId
          durationMs
          occurredAt
          subject {
            __typename
            ... on Message {
              role
              content
            }
            ... on ToolCall {
              toolName
              callStatus: status
            }
            ... on Confirmation {
              toolName
              status
              decidedBy
            }
            ... on StateTransition {
              revision
              previousValues
              newValues
              moduleState {
                moduleId
              }
            }
            ... on SessionMetric {
              metricType
              metricValue
              unit
            }
          }
        }
      }
    }
  }
`);

type Event = NonNullable<SessionEventsQuery["session"]>["events"]["nodes"][number];

/** Everything that was recorded in a session, in order. Another session needs another `key`. */
export function Timeline({ session, count }: { session: string; count: number }) {
  const client = useClient();
  const read = useCallback(
    async (above: number, upTo: number) => {
      const variables = { session, above, upTo };
      const { data } = await client.query(EVENTS, variables, { requestPolicy: "network-only" }).toPromise();
      return data?.session?.events.nodes ?? null;
    },
    [client, session],
  );
  const { row, need } = useChunks<Event>(count, (event) => event.sequence, read);
  return (
    <LongList
      count={count}
      estimatedHeight={48}
      label="Events"
      onSight={need}
      render={(number) => {
        const event = row(number);
        if (event === undefined) return <Skeleton h={36} mb="xs" />;
        return event && <EventView event={event} />;
      }}
    />
  );
}

function EventView({ event }: { event: Event }) {
  return (
    <Group component="article" gap="sm" mb={6} wrap="nowrap" align="baseline" aria-label={`Event ${event.sequence}`}>
      <Text size="xs" c="dimmed" w={32} ta="right" style={{ flexShrink: 0, fontVariantNumeric: "tabular-nums" }}>
        {event.sequence}
      </Text>
      <Box flex={1} miw={0}>
        <Flex wrap="wrap" columnGap="xs" rowGap={0} align="baseline">
          <Text size="sm" fw={500}>
            {event.eventType}
          </Text>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {summaryOf(event)}
          </Text>
          {event.actorId && (
            <Text size="xs" c="dimmed">
              by {event.actorId}
            </Text>
          )}
        </Flex>
        {event.subject?.__typename === "StateTransition" ? (
          <DocumentDiff before={event.subject.previousValues} after={event.subject.newValues} />
        ) : (
          event.subject == null && event.eventData != null && <JsonBlock value={event.eventData} />
        )}
      </Box>
      <Text size="xs" c="dimmed" pr="xs" style={{ flexShrink: 0 }}>
        <Ago time={event.occurredAt} />
      </Text>
    </Group>
  );
}

// its subject is told as it is now, so a status stands only where it came about
function summaryOf({ eventType, subject }: Event): string {
  switch (subject?.__typename) {
    case "Message":
      return subject.content ? `${subject.role}: ${subject.content.slice(0, 120)}` : subject.role;
    case "ToolCall":
      return eventType === "tool_call.recorded" ? subject.toolName : `${subject.toolName}, ${subject.callStatus}`;
    case "Confirmation":
      return `${subject.toolName}, ${subject.status}${subject.decidedBy ? ` by ${subject.decidedBy}` : ""}`;
    case "StateTransition":
      return `${subject.moduleState.moduleId}, revision ${subject.revision}`;
    case "SessionMetric":
      return `${subject.metricType} ${whole(subject.metricValue)} ${subject.unit ?? ""}`;
    default:
      return "";
  }
}
