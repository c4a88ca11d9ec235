import { Alert } from "@mantine/core";
import type { CombinedError } from "urql";

/** Says what went wrong, and what to do. */
export function Failure({ error }: { error: CombinedError }) {
  const needsKey = error.response?.status === 401;
  return (
    <Alert color="red" title={needsKey ? "An API key is needed" : "That did not work"} role="alert">
      {needsKey
        ? "Type a key into the field at the top. `sessiongraph keys create` makes one."
        : error.networkError
          ? "The server does not answer. The page tries again when you reload it."
          : error.graphQLErrors.map(({ message }) => message).join(" ")}
    </Alert>
  );
}
