/** The API key that was typed in. Kept by the browser for this tab alone. */

const NAME = "sessiongraph-api-key";

export function apiKey(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepApiKey(key: string): void {
  if (key === "") sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}

/** The headers that a request says with who sends it; none without a key. */
export function authorization(): Record<string, string> {
  const key = apiKey();
  return key === "" ? {} : { authorization: `Bearer ${key}` };
}
