"""An import from beginning to end: read, arrange, write, check."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, cast

from exchange.prisma.arrange import arrange
from exchange.prisma.check import Checked, check
from exchange.prisma.convert import CARRIED, convert
from exchange.prisma.copy import Copy
from exchange.prisma.names import Names
from exchange.prisma.source_database import SourceDatabase, open_source
from exchange.prisma.source_values import read_row
from exchange.prisma.survey import FoundTable, Survey, survey
from exchange.prisma.write import Writer, Written
from resolvers.context import Context
from resolvers.errors import DomainError

Progress = Callable[[int], None]
"""Hears how many more rows are through."""
_SHOWN = 10


@dataclass
class TableReport:
    """What became of the rows of a table."""

    model: str
    read: int
    written: int
    already: int
    refused: int
    alike: int


@dataclass
class Told:
    """Rows of which the same is to be said; `ids` are the first ten."""

    model: str
    text: str
    count: int = 0
    ids: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What an import did. Refusals, notes and differences are by table and text."""

    tables: list[TableReport]
    refusals: list[Told]
    notes: list[Told]
    differences: list[Told]
    source_digest: str
    store_digest: str

    @property
    def is_whole(self) -> bool:
        """Whether all was carried over, and the store answers the same as the source."""
        return not self.refusals and not self.differences


class Watcher(Protocol):
    """Hears how an import goes on."""

    def found(self, survey: Survey) -> None:
        """Hear what a source has, before its rows are read."""

    def begin(self, stage: str, rows: int) -> Progress:
        """Hear that a stage of so many rows begins, and give what hears of its progress."""


async def import_source(
    context: Context | None, url: str, names: Names, watcher: Watcher
) -> Report:
    """Take over a source; without a context nothing is written. Raises `SourceError`."""
    with TemporaryDirectory(prefix="sessiongraph-import-") as folder:
        copy = Copy(Path(folder) / "copy.sqlite")
        try:
            await _read(url, names, copy, watcher)
            arrange(copy)
            if context is None:
                return report(copy)
            ((rows,),) = copy.select("SELECT count(*) FROM rows WHERE refusal IS NULL")
            written = await Writer(context, copy).write(watcher.begin("Writing", rows))
            done = watcher.begin("Checking", rows)
            checked = await check(context, copy, written.agents, done)
            return report(copy, written, checked)
        finally:
            copy.close()


async def _read(url: str, names: Names, copy: Copy, watcher: Watcher) -> None:
    async with open_source(url) as source:
        found = await survey(source, names)
        watcher.found(found)
        done = watcher.begin("Reading", found.rows)
        for table in found.tables:
            if table.source.model in CARRIED:
                await _read_table(source, table, copy, done)


async def _read_table(
    source: SourceDatabase, table: FoundTable, copy: Copy, done: Progress
) -> None:
    model = table.source.model
    id_column = next(column for column, (name, _) in table.fields.items() if name == "id")
    async for rows in source.rows(table.name, table.types):
        for given in rows:
            row = cast("Mapping[str, Any]", given._mapping)  # noqa: SLF001  public, by its documents
            try:
                read = read_row(table.source, table.fields, row)
                converted = convert(read)
            except DomainError as error:
                reason = f"{error.field}: {error.message}" if error.field else error.message
                told = str(row[id_column]).encode(errors="replace").decode()
                copy.add_refused(model, told, reason)
            else:
                copy.add(read, converted)
        done(len(rows))


def report(copy: Copy, written: Written | None = None, checked: Checked | None = None) -> Report:
    """Say what became of a copy; without more, what would."""
    written = written or Written()
    checked = checked or Checked()
    refused = _grouped(
        copy,
        "SELECT model, refusal, id FROM rows WHERE refusal IS NOT NULL"
        " UNION ALL SELECT model, reason, id FROM refused",
    )
    notes = _grouped(copy, "SELECT model, note, id FROM notes")
    differences = _grouped(copy, "SELECT model, text, id FROM differences")
    refusals = Counter[str]()
    for told in refused:
        refusals[told.model] += told.count
    tables = [
        TableReport(
            model,
            read,
            written.written[model],
            written.already[model],
            refusals[model],
            checked.alike[model],
        )
        for model, read in copy.select(_READ)
    ]
    return Report(
        tables,
        refused,
        notes,
        differences,
        f"{checked.source:064x}",
        f"{checked.store:064x}",
    )


_READ = """
    SELECT model, sum(count) FROM (
        SELECT model, count(*) AS count FROM rows GROUP BY model
        UNION ALL SELECT model, count(*) FROM refused GROUP BY model
    ) GROUP BY model ORDER BY model"""


def _grouped(copy: Copy, statement: str) -> list[Told]:
    """Group rows of model, text and id by the first two."""
    found: dict[tuple[str, str], Told] = {}
    for model, text, row_id in copy.select(statement):
        told = found.setdefault((model, text), Told(model, text))
        told.count += 1
        if len(told.ids) < _SHOWN:
            told.ids.append(row_id)
    return sorted(found.values(), key=lambda told: (told.model, -told.count, told.text))
