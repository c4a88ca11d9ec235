"""Files of the own form, as the tests write, change and restore them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Table, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.export import export_lines
from exchange.archive.layout import CARRIED
from exchange.archive.restore import RestoredWhole, restore
from exchange.archive.selection import Selection
from exchange.json_lines import read_lines
from resolvers.context import Context
from server.administration.projects import create_project, find_project
from server.database import create_engine
from server.settings import Settings
from tests.conftest import new_name, run

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
EVERYTHING = Selection()


async def export(
    engine: AsyncEngine, project_id: int = 1, selection: Selection = EVERYTHING
) -> list[bytes]:
    """Give the lines of a file."""
    return [line async for line in export_lines(engine, project_id, selection, WHEN)]


async def import_lines(
    engine: AsyncEngine, lines: list[bytes], folder: Path, project_id: int = 1
) -> list[RestoredWhole]:
    """Restore a file of lines, and give what became of each whole and of the file."""
    path = folder / "archive.jsonl"
    path.write_bytes(b"".join(lines))
    return await import_path(engine, path, project_id)


async def import_path(engine: AsyncEngine, path: Path, project_id: int = 1) -> list[RestoredWhole]:
    return [each async for each in restore(Context(engine, project_id), read_lines(path))]


def refusals(restored: list[RestoredWhole]) -> list[str]:
    """Give what was refused, but that the file was changed, which the tests do."""
    changed = "The file was changed after it was exported."
    return [r.refusal for r in restored if r.refusal is not None and r.refusal != changed]


def edited(lines: list[bytes], noun: str, change: Callable[[dict[str, Any]], Any]) -> list[bytes]:
    """Change the first row of a noun."""
    place = next(
        place for place, line in enumerate(lines) if line.startswith(b'{"%b"' % noun.encode())
    )
    row = orjson.loads(lines[place])
    change(row[noun])
    return [*lines[:place], orjson.dumps(row) + b"\n", *lines[place + 1 :]]


async def new_project(engine: AsyncEngine, name: str) -> int:
    async with engine.begin() as connection:
        await create_project(connection, name)
        return await find_project(connection, name)


async def rows_of(engine: AsyncEngine, table: Table, project_id: int = 1) -> list[tuple[Any, ...]]:
    """Give all that a table says of a project, as text, but for the positions of events."""
    names = [c.name for c in table.c if c.name not in {"project_id", "position"}]
    columns = ", ".join(f'"{name}"::text' for name in names)
    statement = text(f"SELECT {columns} FROM {table.name} WHERE project_id = :project ORDER BY id")
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(statement, {"project": project_id})]


async def check_same_store(
    one: AsyncEngine, other: AsyncEngine, project_id: int = 1, other_project_id: int = 1
) -> None:
    """Fail unless two projects have the same rows, column by column."""
    for table in CARRIED:
        expected = await rows_of(one, table, project_id)
        assert await rows_of(other, table, other_project_id) == expected, table.name


@asynccontextmanager
async def another_database(server_url: URL, template: str) -> AsyncIterator[AsyncEngine]:
    """Make another migrated database."""
    name = new_name("test")
    await run(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    engine = create_engine(Settings(), server_url.set(database=name))
    yield engine
    await engine.dispose()
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")
