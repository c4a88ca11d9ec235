import { SegmentedControl } from "@mantine/core";

import { RANGES } from "./days";

export function DaysControl({ days, onChange }: { days: number; onChange: (days: number) => void }) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Range of time"
      data={RANGES.map((each) => ({ value: String(each), label: `${each} days` }))}
      value={String(days)}
      onChange={(chosen) => onChange(Number(chosen))}
    />
  );
}
