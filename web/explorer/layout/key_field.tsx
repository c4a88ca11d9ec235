import { PasswordInput } from "@mantine/core";
import { useState } from "react";

import { apiKey, keepApiKey } from "../../api_key";

/** Where an API key is typed in; the page loads again with it. */
export function KeyField() {
  const [typed, setTyped] = useState(apiKey);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        keepApiKey(typed.trim());
        location.reload();
      }}
    >
      <PasswordInput
        size="xs"
        w={150}
        aria-label="API key"
        placeholder="API key: sg_…"
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    </form>
  );
}
