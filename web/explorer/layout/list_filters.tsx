/** What lists are filtered and ordered by. Each is a field of the page's address. */

import { ActionIcon, Button, Group, Select, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconFilter, IconSortAscending, IconSortDescending } from "@tabler/icons-react";
import { useEffect, useRef, useState, type ReactNode } from "react";

import type { OrderDirection } from "../.generated/graphql";

const PAUSE_MILLISECONDS = 300;
/** The fields share a row's room. */
export const FIELD_STYLE = { flex: "1 1 105px", maxWidth: 200 };

/** The fields in a row; on a phone behind a button, which says how many filters there are. */
export function Filters({ search, children }: { search: object; children: ReactNode }) {
  const [isOpen, { toggle }] = useDisclosure();
  const taken = Object.entries(search).filter(
    ([name, value]) => value !== undefined && name !== "order" && name !== "direction",
  ).length;
  return (
    <>
      <Button
        size="xs"
        variant="default"
        hiddenFrom="sm"
        leftSection={<IconFilter size={14} />}
        aria-expanded={isOpen}
        onClick={toggle}
      >
        {taken ? `Filters (${taken})` : "Filters"}
      </Button>
      <Group gap={8} align="end" visibleFrom={isOpen ? undefined : "sm"}>
        {children}
      </Group>
    </>
  );
}

interface TextFilterProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** Text, taken when one has stopped typing. */
export function TextFilter({ label, placeholder, value, onChange }: TextFilterProps) {
  const [typed, setTyped] = useState(value ?? "");
  const taken = useRef(value);
  const take = useDebouncedCallback((text: string) => {
    taken.current = text || undefined;
    onChange(taken.current);
  }, PAUSE_MILLISECONDS);
  useEffect(() => {
    if (value === taken.current) return;
    taken.current = value; // a link led here
    setTyped(value ?? "");
  }, [value]);
  return (
    <TextInput
      size="xs"
      style={FIELD_STYLE}
      label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        take(event.currentTarget.value);
      }}
    />
  );
}

interface ChoiceFilterProps<Value extends string> {
  label: string;
  /** The labels of the values. */
  choices: Partial<Record<Value, string>>;
  value: Value | undefined;
  /** Stands there while nothing is chosen. */
  placeholder: string;
  onChange: (value: Value | undefined) => void;
}

/** One of a few. */
export function ChoiceFilter<Value extends string>({ choices, value, onChange, ...field }: ChoiceFilterProps<Value>) {
  return (
    <Select
      {...field}
      size="xs"
      style={FIELD_STYLE}
      data={Object.entries(choices).map(([value, label]) => ({ value, label: label as string }))}
      value={value ?? null}
      clearable
      onChange={(chosen) => onChange((chosen ?? undefined) as Value | undefined)}
    />
  );
}

interface DaysFilterProps {
  label: string;
  days: number | undefined;
  onChange: (days: number | undefined) => void;
}

/** The last days, of which today is one. */
export function DaysFilter({ label, days, onChange }: DaysFilterProps) {
  return (
    <ChoiceFilter
      label={label}
      placeholder="Any time"
      choices={{ "1": "Today", "7": "In 7 days", "30": "In 30 days" }}
      value={days === undefined ? undefined : (String(days) as "1" | "7" | "30")}
      onChange={(chosen) => onChange(chosen && Number(chosen))}
    />
  );
}

interface OrderFilterProps<Field extends string> {
  fields: Partial<Record<Field, string>>;
  field: Field;
  direction: OrderDirection;
  onChange: (changes: { order?: Field; direction?: OrderDirection | undefined }) => void;
}

/** What rows are ordered by, and which end comes first. */
export function OrderFilter<Field extends string>({ fields, field, direction, onChange }: OrderFilterProps<Field>) {
  const name = direction === "ASC" ? "Ascending" : "Descending";
  return (
    <Group gap={4} align="end" wrap="nowrap" style={{ ...FIELD_STYLE, flexBasis: 140 }}>
      <Select
        size="xs"
        flex={1}
        label="Order"
        data={Object.entries(fields).map(([value, label]) => ({ value, label: label as string }))}
        value={field}
        allowDeselect={false}
        onChange={(chosen) => onChange({ order: chosen as Field })}
      />
      <Tooltip label={name}>
        <ActionIcon
          size={30}
          variant="default"
          aria-label={name}
          onClick={() => onChange({ direction: direction === "ASC" ? undefined : "ASC" })}
        >
          {direction === "ASC" ? <IconSortAscending size={16} /> : <IconSortDescending size={16} />}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
