// What a page of sessions and their messages would ask for. Only relay-compiler reads this file:
// it writes an artifact for each operation and fragment, and src/relay.ts runs those.
import { graphql } from "relay-runtime";

export const sessionListQuery = graphql`
  query SessionListQuery($count: Int!, $filter: SessionFilter, $orderBy: SessionOrder) {
    ...SessionList_sessions @arguments(count: $count, filter: $filter, orderBy: $orderBy)
  }
`;

export const sessionList = graphql`
  fragment SessionList_sessions on Query
  @refetchable(queryName: "SessionListPageQuery")
  @argumentDefinitions(
    count: { type: "Int!" }
    cursor: { type: "String" }
    filter: { type: "SessionFilter" }
    orderBy: { type: "SessionOrder" }
  ) {
    sessions(first: $count, after: $cursor, filter: $filter, orderBy: $orderBy)
      @connection(key: "SessionList_sessions") {
      edges {
        node {
          sessionId
        }
      }
    }
  }
`;

export const messageListQuery = graphql`
  query SessionListMessagesQuery($session: ID!, $count: Int!) {
    session(id: $session) {
      ...SessionList_messages @arguments(count: $count)
    }
  }
`;

export const messageList = graphql`
  fragment SessionList_messages on Session
  @refetchable(queryName: "SessionListMessagesPageQuery")
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" }) {
    messages(last: $count, before: $cursor) @connection(key: "SessionList_messages") {
      edges {
        node {
          sequence
        }
      }
    }
  }
`;

export const recordMessage = graphql`
  mutation SessionListRecordMessageMutation($input: RecordMessageInput!) {
    recordMessage(input: $input) {
      replayed
      message {
        sequence
        costUsd
      }
      toolCalls {
        arguments
      }
    }
  }
`;
