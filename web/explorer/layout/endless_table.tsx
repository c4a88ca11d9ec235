import { Center, Loader, Stack, Table, Text } from "@mantine/core";
import { useElementScrollRestoration } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";

import { Cells, ColumnTitles, type Column } from "./columns";
import type { EndlessRows } from "./endless_rows";
import { MoreButton } from "./more_button";

const ROW_PIXELS = 37;
const MOST_EXPECTED = 1_000;
/** The next page is read when so few rows are left below. */
const ROWS_AHEAD = 25;

interface EndlessTableProps<Row> {
  label: string;
  endless: EndlessRows<Row>;
  columns: readonly Column<Row>[];
  /** What is said where there is no row. */
  empty: string;
}

/** How far down the window was when this page was left, in pixels. */
function useFormerOffset(): number {
  return useElementScrollRestoration({ getElement: () => window })?.scrollY ?? 0;
}

/** How many rows were looked through when this page was left. */
export function useFormerRows(): number {
  const offset = useFormerOffset();
  return offset && Math.min(Math.ceil((offset + window.innerHeight) / ROW_PIXELS), MOST_EXPECTED);
}

/** A table that grows as one scrolls the window. Only the rows in sight are in the page. */
export function EndlessTable<Row extends { id: string }>({ label, endless, columns, empty }: EndlessTableProps<Row>) {
  const { rows, isLoading, error } = endless;
  return (
    <Stack gap="sm">
      {rows.length > 0 && <VirtualTable label={label} endless={endless} columns={columns} />}
      {!isLoading && !error && rows.length === 0 && (
        <Text c="dimmed" ta="center">
          {empty}
        </Text>
      )}
      {error && <MoreButton endless={endless} />}
      <Center mih={40}>{isLoading && <Loader size="sm" role="progressbar" aria-label="Loading" />}</Center>
    </Stack>
  );
}

function VirtualTable<Row extends { id: string }>({ label, endless, columns }: Omit<EndlessTableProps<Row>, "empty">) {
  const { rows, hasMore, isLoading, error, more } = endless;
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  // what stands above the table may have another height at any time
  useLayoutEffect(() => setTop(body.current!.getBoundingClientRect().top + window.scrollY));
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PIXELS,
    getItemKey: (index) => rows[index]!.id,
    initialOffset: useFormerOffset(),
    scrollMargin: top,
    overscan: 10,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1);
  const isNearEnd = (last?.index ?? 0) >= rows.length - ROWS_AHEAD;
  useEffect(() => {
    if (isNearEnd && hasMore && !isLoading && !error) more();
  }, [isNearEnd, hasMore, isLoading, error, more]);
  return (
    <Table
      highlightOnHover
      tabularNums
      stickyHeader
      stickyHeaderOffset={48}
      layout="fixed"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      style={{ overflowAnchor: "none" }}
    >
      <ColumnTitles columns={columns} />
      <Table.Tbody ref={body}>
        <Gap pixels={(items[0]?.start ?? top) - top} />
        {items.map(({ index, key }) => (
          <Table.Tr key={key} ref={virtualizer.measureElement} data-index={index} aria-rowindex={index + 2}>
            <Cells columns={columns} row={rows[index]!} />
          </Table.Tr>
        ))}
        <Gap pixels={virtualizer.getTotalSize() - ((last?.end ?? top) - top)} />
      </Table.Tbody>
    </Table>
  );
}

/** Where rows would be that are not in sight. */
function Gap({ pixels }: { pixels: number }) {
  return pixels > 0 && <tr aria-hidden style={{ height: pixels }} />;
}
