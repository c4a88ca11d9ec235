"""Writes rows into the store as they are, in a transaction that the caller begins and ends."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import PostgresError
from sqlalchemy import Table

from exchange.archive.layout import CARRIED, Reference, members, references
from exchange.archive.read_lines import ArchivedRow
from exchange.archive.refusals import RefusedError, refused


@dataclass(frozen=True, slots=True)
class LateReference:
    """A reference that was left empty since the other row was not there yet."""

    table: Table
    column: str
    row: UUID
    target: UUID


class Loading:
    """Writes rows of a project. Rows that others refer to come before them or with them."""

    def __init__(self, driver: Any, project_id: int) -> None:
        self._driver = driver
        self._project_id = project_id
        self.late: list[LateReference] = []

    async def add(self, rows: Iterable[ArchivedRow]) -> None:
        """Write rows; each table's in their order. Raises `RefusedError`."""
        by_table: dict[Table, list[ArchivedRow]] = defaultdict(list)
        for row in rows:
            by_table[row.table].append(row)
        ids = {row.id for group in by_table.values() for row in group}
        for table in sorted(by_table, key=CARRIED.index):
            group = by_table[table]
            empty = {
                reference.column: await self._leave_empty(reference, group, ids)
                for reference in references(table).values()
                if not reference.goes_with
            }
            await self._copy(table, group, empty)

    async def _leave_empty(
        self, reference: Reference, rows: Sequence[ArchivedRow], ids: set[UUID]
    ) -> set[UUID]:
        """Find the rows that a column refers to and that are not there, and keep it in mind."""
        column = reference.column
        referring = [(row, row.values[column]) for row in rows if column in row.values]
        missing = {target for _, target in referring if reference.is_late or target not in ids}
        if missing and not reference.is_late:
            missing -= await find_ids(self._driver, self._project_id, reference.target, missing)
        for row, target in referring:
            if target in missing:
                self.late.append(LateReference(row.table, column, row.id, target))
        return missing

    async def _copy(
        self, table: Table, rows: Sequence[ArchivedRow], empty: Mapping[str, set[UUID]]
    ) -> None:
        given = {name for row in rows for name in row.values}
        names = [column.name for column in table.c if column.name in given]
        _check_defaults(table, rows, given)
        records = []
        for row in rows:
            values = row.values
            for column, missing in empty.items():
                if values.get(column) in missing:
                    values = {**values, column: None}
            records.append((self._project_id, *map(values.get, names)))
        try:
            await self._driver.copy_records_to_table(
                table.name, records=records, columns=["project_id", *names]
            )
        except PostgresError as error:
            raise refused(error, table, rows) from error


def _check_defaults(table: Table, rows: Sequence[ArchivedRow], given: set[str]) -> None:
    """Refuse rows without what others of the table have, and what may not be null."""
    for member in members(table):
        name = member.column.name
        if name in given and not member.column.nullable:
            lacking = next((row for row in rows if name not in row.values), None)
            if lacking is not None:
                raise RefusedError(f"{member.name}: Must not be null.", lacking.line)


async def find_ids(driver: Any, project_id: int, table: Table, ids: Iterable[UUID]) -> set[UUID]:
    """Give those of some ids that are there."""
    statement = f"SELECT id FROM {table.name} WHERE project_id = $1 AND id = ANY($2)"  # noqa: S608  a table of the models
    rows = await driver.fetch(statement, project_id, list(ids))
    return {row["id"] for row in rows}


async def refer(driver: Any, project_id: int, late: Sequence[LateReference]) -> list[LateReference]:
    """Fill references whose rows are there by now; give the others."""
    columns: dict[tuple[Table, str], list[LateReference]] = defaultdict(list)
    for each in late:
        columns[each.table, each.column].append(each)
    left = []
    for (table, column), group in columns.items():
        target = references(table)[column].target
        there = await find_ids(driver, project_id, target, {each.target for each in group})
        fitting = [each for each in group if each.target in there]
        left += [each for each in group if each.target not in there]
        if fitting:
            await driver.execute(
                f"UPDATE {table.name} t SET {column} = v.target"  # noqa: S608  names of the models
                " FROM unnest($2::uuid[], $3::uuid[]) AS v (id, target)"
                f" WHERE t.project_id = $1 AND t.id = v.id AND t.{column} IS NULL",
                project_id,
                [each.row for each in fitting],
                [each.target for each in fitting],
            )
    return left
