import { useRef, useState, type FormEvent } from "react";

import { apiKey, keepApiKey } from "../api_key";
import { forgetIds } from "./tabs";

/** Opens where an API key is typed in; the page loads again with it, to read the schema and the tabs. */
export function KeyField() {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(apiKey);
  const use = (event: FormEvent) => {
    event.preventDefault();
    keepApiKey(typed.trim());
    forgetIds();
    location.reload();
  };
  return (
    <>
      <button type="button" popoverTarget="key-field">
        API key
      </button>
      <form id="key-field" popover="auto" onToggle={() => field.current!.focus()} onSubmit={use}>
        <input
          type="password"
          aria-label="API key"
          ref={field}
          placeholder="API key: sg_…"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </form>
    </>
  );
}
