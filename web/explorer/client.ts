/** The GraphQL client: queries and mutations by HTTP, subscriptions by a WebSocket. */

import { cacheExchange, Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";

import { authorization } from "../api_key";

const url = new URL("/graphql", location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol.replace("http", "ws");

// a follower goes on by itself after a cut; it says where by `after`
const socket = createClient({
  url: socketUrl.href,
  connectionParams: authorization,
  shouldRetry: () => true,
  retryAttempts: Number.POSITIVE_INFINITY,
});

export const client = new Client({
  url: url.href,
  preferGetMethod: false,
  requestPolicy: "cache-and-network",
  fetchOptions: () => ({ headers: authorization() }),
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables, operationName }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query: query ?? "", variables, operationName }, {
            next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
            error: (error) => sink.error(error),
            complete: () => sink.complete(),
          }),
        }),
      }),
    }),
  ],
});
