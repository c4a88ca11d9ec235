"""The own form as `sessiongraph import` takes it."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.import_archive import import_archive, is_archive
from exchange.json_lines import read_lines
from exchange.transcripts import ImportedLine
from resolvers.context import Context
from tests.exchange.archive.archives import export, new_project
from tests.history import fill


async def _import(engine: AsyncEngine, project_id: int, path: Path) -> list[ImportedLine]:
    return [each async for each in import_archive(Context(engine, project_id), read_lines(path))]


async def test_sessions_messages_and_calls_are_counted(engine: AsyncEngine, tmp_path: Path) -> None:
    await fill(engine, 2)
    lines = await export(engine)
    assert is_archive(orjson.loads(lines[0]))
    path = tmp_path / "archive.jsonl"
    path.write_bytes(b"".join(lines))
    other = await new_project(engine, "other")
    told = await _import(engine, other, path)
    assert [each.is_new for each in told] == [True] * 8
    assert sum(each.messages for each in told) == sum(b'{"message"' in line for line in lines)
    assert sum(each.tool_calls for each in told) == sum(b'{"tool_call"' in line for line in lines)
    again = await _import(engine, other, path)
    assert [(each.is_new, each.messages) for each in again] == [(False, 0)] * 8
    path.write_bytes(b"{}\n")
    (refused,) = await _import(engine, other, path)
    assert (refused.number, (refused.refusal or "")[:9]) == (1, "No header")


async def test_a_connection_that_is_lost_is_told(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.archive.restore._ENOUGH_ROWS", 5)
    await fill(engine, 3)
    path = tmp_path / "archive.jsonl"
    path.write_bytes(b"".join(await export(engine)))
    other = await new_project(engine, "other")
    importing = import_archive(Context(engine, other), read_lines(path))
    told = [await anext(importing)]
    async with engine.connect() as connection:
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        mine = " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await connection.execute(text(end + mine))
    told += [each async for each in importing]
    assert "connection to the database was lost" in (told[-1].refusal or "")
    again = await _import(engine, other, path)
    assert not any(each.refusal for each in again)
    assert {each.is_new for each in again} == {True, False}
