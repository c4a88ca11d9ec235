import { Box } from "@mantine/core";
import { create } from "jsondiffpatch";
import { format } from "jsondiffpatch/formatters/html";
import "jsondiffpatch/formatters/styles/html.css";

const differ = create({ objectHash: (item) => JSON.stringify(item) });

/** Two documents as one, with what went and what came. */
export function DocumentDiff({ before, after }: { before: unknown; after: unknown }) {
  const delta = differ.diff(before, after);
  const html = delta && format(delta, before);
  return html ? <Box fz="xs" dangerouslySetInnerHTML={{ __html: html }} /> : null;
}
