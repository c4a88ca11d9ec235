import { Skeleton, Text } from "@mantine/core";
import { useCallback, useEffect, useRef } from "react";
import { useClient } from "urql";

import { graphql } from "../.generated";
import type { MessagesQuery } from "../.generated/graphql";
import { useChunks } from "../layout/chunks";
import { LongList } from "../layout/long_list";
import { MessageView } from "./message_view";

const MESSAGES = graphql(`
  query Messages($session: ID!, $above: Int!, $upTo: Int!) {
    session(id: $session) {
      messages(first: 100, filter: { sequence: { gt: $above, lte: $upTo } }) {
        nodes {
          id
          sequence
          role
          name
          content
          status
          error
          responseModel
          inputTokens
          outputTokens
          costUsd
          durationMs
          createdAt
          toolCalls(first: 50) {
            nodes {
              id
              toolName
              status
              arguments
              result
              errorMessage
              durationMs
              attempt
              childSession {
                id
                title
              }
            }
          }
        }
      }
    }
  }
`);

export type Message = NonNullable<MessagesQuery["session"]>["messages"]["nodes"][number];

interface ConversationProps {
  session: string;
  /** The number of the last message. */
  count: number;
  /** The numbers of the messages that have changed since, in order. */
  changed: readonly number[];
}

/** The messages of a session, with their tool calls. Another session needs another `key`. */
export function Conversation({ session, count, changed }: ConversationProps) {
  const client = useClient();
  const read = useCallback(
    async (above: number, upTo: number) => {
      const variables = { session, above, upTo };
      const { data } = await client.query(MESSAGES, variables, { requestPolicy: "network-only" }).toPromise();
      return data?.session?.messages.nodes ?? null;
    },
    [client, session],
  );
  const { row, need, renew } = useChunks<Message>(count, (message) => message.sequence, read);
  const seen = useRef(0);
  useEffect(() => {
    new Set(changed.slice(seen.current)).forEach(renew);
    seen.current = changed.length;
  }, [changed, renew]);
  if (count === 0) return <Text c="dimmed">Nothing was said in this session yet.</Text>;
  return (
    <LongList
      count={count}
      estimatedHeight={110}
      label="Messages"
      onSight={need}
      render={(number) => {
        const message = row(number);
        if (message === undefined) return <Skeleton h={90} mb="xs" />;
        return message && <MessageView message={message} />;
      }}
    />
  );
}
