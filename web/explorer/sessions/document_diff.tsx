import { Box } from "@mantine/core";
import { create } from "jsondiffpatch";
import { format } from "jsondiffpatch/formatters/html";

const differ = create({ objectHash: (item) => JSON.stringify(item) });

/** Two documents as one, with what went and what came. A member that is null is none, as in a merge patch. */
export function DocumentDiff({ before, after }: { before: unknown; after: unknown }) {
  const [from, to] = [withoutNulls(before), withoutNulls(after)];
  const delta = differ.diff(from, to);
  const html = delta && format(delta, from);
  return html ? <Box fz="xs" dangerouslySetInnerHTML={{ __html: html }} /> : null;
}

function withoutNulls(document: unknown): unknown {
  if (document === null || typeof document !== "object") return document ?? undefined;
  if (Array.isArray(document)) return document;
  return Object.fromEntries(
    Object.entries(document)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, withoutNulls(value)]),
  );
}
