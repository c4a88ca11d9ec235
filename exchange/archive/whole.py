"""A whole of a file: a row that hangs on its project alone, and all rows that hang on it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from exchange.archive.layout import FAMILY_OF, Family, members, owner
from exchange.archive.read_lines import ArchivedRow
from resolvers.identifiers import PREFIXES

_TELLING = ("created_at", "updated_at", "revision", "event_sequence", "access_count")
"""The columns that tell whether a row, or what hangs on it, was changed."""

Fingerprint = tuple[Any, ...]


def telling_columns(table: Table) -> list[str]:
    """Give those columns of a table that tell whether something was changed."""
    return [name for name in _TELLING if name in table.c]


def begins_whole(row: ArchivedRow) -> bool:
    """Whether a row is the first of a whole."""
    family = FAMILY_OF[row.table]
    return row.table is family.root and row.values[family.key.name] == row.id


@dataclass
class Whole:
    """What was read of it until now, and what became of it."""

    id: UUID
    family: Family
    line: int
    """That of its first row."""
    rows: list[ArchivedRow] = field(default_factory=list)
    """Those that are not written yet."""
    size: int = 0
    """How large their lines are together, in bytes."""
    counts: Counter[str] = field(default_factory=Counter)
    """Its rows by noun."""
    fingerprints: dict[UUID, Fingerprint] = field(default_factory=dict)
    """Of the rows of the family's first table, such as a tree's sessions."""
    is_new: bool = False
    note: str | None = None
    refusal: str | None = None
    end: int = 0
    _owners: set[UUID] = field(default_factory=set)

    def take(self, row: ArchivedRow, size: int) -> None:
        """Take the next row, or refuse the whole where the row is none of it."""
        table, values = row.table, row.values
        if table is self.family.root:
            if row.id in self.fingerprints:
                self.refuse("id: It stands in the file twice.", row.line)
            told = [values.get(name) for name in telling_columns(table)]
            self.fingerprints[row.id] = tuple(told)
        self._check_place(row)
        if table in _OWNERS:
            self._owners.add(row.id)
        self.counts[PREFIXES[table]] += 1
        self.rows.append(row)
        self.size += size

    def _check_place(self, row: ArchivedRow) -> None:
        """Refuse a row that hangs on another whole's."""
        owned = owner(row.table)
        column = owned.column if owned is not None else "parent_id"
        is_first = row.id == self.id
        strays = not is_first and column in row.table.c and not self.owns(row.values.get(column))
        if strays or row.values.get("root_id", self.id) != self.id:
            column = column if strays else "root_id"
            name = next(each.name for each in members(row.table) if each.column.name == column)
            self.refuse(f"{name}: Must be a row above, of the same whole.", row.line)

    def owns(self, row: UUID | None) -> bool:
        """Whether a row on which others hang is of the whole."""
        return row in self._owners

    def refuse(self, reason: str, line: int | None = None) -> None:
        """Refuse the whole; the first reason holds."""
        if self.refusal is None:
            at = "" if line is None or line == self.line else f"line {line}: "
            self.refusal = f"{at}{reason}"


_OWNERS = {owned.target for table in FAMILY_OF if (owned := owner(table)) is not None} | {
    family.root for family in FAMILY_OF.values()
}
"""The tables on whose rows others hang."""
