import { Alert } from "@mantine/core";
import type { CombinedError } from "urql";

import { apiKey } from "../../api_key";

/** Says what went wrong, and what to do. */
export function Failure({ error }: { error: CombinedError }) {
  const [title, text] = describe(error);
  return (
    <Alert color="red" title={title} role="alert">
      {text}
    </Alert>
  );
}

function describe(error: CombinedError): [title: string, text: string] {
  if (error.response?.status === 401) {
    const title = apiKey() === "" ? "An API key is needed" : "The server does not know this API key";
    return [title, "Type one into the field at the top and press Enter. `sessiongraph keys create` makes one."];
  }
  if (error.networkError) {
    return ["The server does not answer", "See whether it is up, then load this page again."];
  }
  return ["That did not work", error.graphQLErrors.map(({ message }) => message).join(" ")];
}
