import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** A figure below its name. */
export function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Stack gap={0}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
        {children}
      </Text>
    </Stack>
  );
}
