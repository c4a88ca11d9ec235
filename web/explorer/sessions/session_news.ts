/** What is recorded in a session while one looks at it. */

import { useEffect, useState } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import type { SessionQuery } from "../.generated/graphql";

const EVENTS = graphql(`
  subscription SessionNews($session: ID!, $after: BigInt!) {
    sessionEvents(session: $session, after: $after) {
      sequence
      eventType
      subject {
        __typename
        ... on Message {
          sequence
        }
        ... on ToolCall {
          message {
            sequence
          }
        }
        ... on Confirmation {
          toolCall {
            message {
              sequence
            }
          }
        }
      }
    }
  }
`);

export interface SessionNews {
  /** The number of the last message. */
  messageSequence: number;
  /** The number of the last event. */
  eventSequence: number;
  /** The numbers of the messages that were recorded or changed, in order. */
  changed: readonly number[];
}

/** Follows a session that was read; `reload` reads it again. */
export function useSessionNews(session: SessionQuery["session"] | undefined, reload: () => void): SessionNews {
  const client = useClient();
  const [news, setNews] = useState<SessionNews>({ messageSequence: 0, eventSequence: 0, changed: [] });
  const id = session?.id;
  const messageSequence = session?.lastMessage.nodes[0]?.sequence ?? 0;
  const eventSequence = session?.lastEvent.nodes[0]?.sequence ?? 0;

  useEffect(() => {
    if (!id) return undefined;
    setNews({ messageSequence, eventSequence, changed: [] });
    const { unsubscribe } = client
      .subscription(EVENTS, { session: id, after: eventSequence })
      .subscribe(({ data }) => {
        const event = data?.sessionEvents;
        if (!event) return;
        const { subject } = event;
        const message =
          subject?.__typename === "Message"
            ? subject.sequence
            : subject?.__typename === "ToolCall"
              ? subject.message.sequence
              : subject?.__typename === "Confirmation"
                ? subject.toolCall?.message.sequence
                : undefined;
        setNews((before) => ({
          messageSequence: Math.max(before.messageSequence, message ?? 0),
          eventSequence: Math.max(before.eventSequence, event.sequence),
          changed: message ? [...before.changed, message] : before.changed,
        }));
        if (/^(session|confirmation)\./.test(event.eventType)) reload();
      });
    return unsubscribe;
    // what was read again is no reason to follow anew
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, id]);
  return news;
}
