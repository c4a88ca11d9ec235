/** The columns of a table: their head, and the cells of a row. */

import { Table, type MantineBreakpoint } from "@mantine/core";
import type { ReactNode } from "react";

export interface Column<Row> {
  title: string;
  /** In pixels; a column without one has what is left. */
  width?: number;
  /** On narrower screens there is no such column. */
  visibleFrom?: MantineBreakpoint;
  align?: "right";
  cell: (row: Row) => ReactNode;
}

export function ColumnTitles<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {columns.map(({ title, width, visibleFrom, align }) => (
          <Table.Th key={title} w={width} ta={align} visibleFrom={visibleFrom}>
            {title}
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

export function Cells<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) {
  return columns.map(({ title, visibleFrom, align, cell }) => (
    <Table.Td key={title} ta={align} visibleFrom={visibleFrom} style={{ overflowWrap: "anywhere" }}>
      {cell(row)}
    </Table.Td>
  ));
}
