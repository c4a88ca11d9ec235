/** Values out of the search of a page's address; what makes no sense is left out. */

/** Reads a text. */
export function readText(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  if (typeof value === "number") return String(value); // the address `?user=42` holds a number
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Reads one of a few values. */
export function readChoice<Value extends string>(
  search: Record<string, unknown>,
  name: string,
  choices: Partial<Record<Value, string>>,
): Value | undefined {
  const value = search[name];
  return typeof value === "string" && value in choices ? (value as Value) : undefined;
}

/** Reads a number above 0. */
export function readCount(search: Record<string, unknown>, name: string): number | undefined {
  const value = Number(search[name]);
  return value > 0 ? value : undefined;
}
