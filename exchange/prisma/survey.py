"""What a source has: which predecessor's tables, and what of them is known."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from exchange.prisma.convert import CARRIED
from exchange.prisma.errors import SourceError
from exchange.prisma.names import Names
from exchange.prisma.source_database import SourceDatabase, is_json
from exchange.prisma.source_tables import SOURCE_TABLES, Schema, SourceTable

_PRISMAS_OWN = frozenset({"_prisma_migrations"})


@dataclass
class FoundTable:
    """A table of a predecessor in the source: its name there, its rows, and its columns.

    `fields` gives each column's field, and whether the database says that it is JSON.
    """

    source: SourceTable
    name: str
    rows: int
    types: dict[str, object]
    fields: dict[str, tuple[str, bool]]

    @property
    def unknown(self) -> list[str]:
        """Columns of no field that is known."""
        return [name for name, _ in self.fields.values() if name not in self.source.columns]


@dataclass
class Survey:
    """The tables of a source; `left_alone` names those that are no predecessor's."""

    tables: list[FoundTable] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)

    @property
    def schemas(self) -> list[Schema]:
        """The predecessors whose tables are there."""
        there = {table.source.schema for table in self.tables}
        return [schema for schema in Schema if schema in there]

    @property
    def rows(self) -> int:
        """The rows of all tables that are carried over."""
        return sum(table.rows for table in self.tables if table.source.model in CARRIED)


async def survey(source: SourceDatabase, names: Names) -> Survey:
    """Find the predecessors' tables. Raises `SourceError` if there is none."""
    there = await source.table_names()
    found = Survey()
    for known in SOURCE_TABLES:
        name = names.find_table(known.model, there)
        if name is None or any(table.name == name for table in found.tables):
            continue
        types = await source.column_types(name)
        fields = names.find_columns(known.model, types)
        if not known.needs <= set(fields.values()):
            continue  # such as a table of another program's sessions
        told = {column: (each, is_json(types[column])) for column, each in fields.items()}
        found.tables.append(FoundTable(known, name, await source.count(name), types, told))
    if not any(table.source.model in CARRIED for table in found.tables):
        raise SourceError(_nothing(there))
    taken = {table.name for table in found.tables}
    found.left_alone = sorted(set(there) - taken - _PRISMAS_OWN)
    return found


def _nothing(there: Iterable[str]) -> str:
    names = sorted(there)
    if not names:
        return "The source has no tables."
    listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004
    return (
        f"The source has no table of the predecessors (it has {listed}). "
        "Name its tables with --mapping if they have other names."
    )
