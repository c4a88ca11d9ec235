"""Compares what writers were told with what the database has in the end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.identifiers import PREFIXES, TABLES, decode, encode
from tests.chaos.retrying_writer import Acknowledged
from tests.chaos.writer_mutations import MERGED
from tests.invariants import count_rows

_NUMBERS = ("sequence", "revision", "attempt", "index")
"""What an answer tells of a row, under the name of its column."""
_COUNT_OWN_EVENTS = "SELECT count(*) FROM session_events WHERE event_type = 'own'"
_MERGED_STATES = """
    SELECT s.session_id, m.state::text FROM module_states m
    JOIN sessions s ON s.project_id = m.project_id AND s.id = m.session_id
    WHERE m.module_id = :module"""


async def check_acknowledged(engine: AsyncEngine, acknowledged: Sequence[Acknowledged]) -> None:
    """Fail unless each mutation made its rows once, with the ids and numbers of its answer."""
    expected = sum((one.mutation.rows for one in acknowledged), Counter[str]())
    expected["idempotency_keys"] = len(acknowledged)
    found = await count_rows(engine)
    async with engine.connect() as connection:
        found["own_events"] = await connection.scalar(text(_COUNT_OWN_EVENTS)) or 0
        assert {name: found[name] for name in expected} == expected
        await _check_rows(connection, acknowledged)


async def check_patches(engine: AsyncEngine, patches: Mapping[str, Mapping[str, int]]) -> None:
    """Fail unless each merged state has the last number of each writer, by writer and session."""
    async with engine.connect() as connection:
        rows = await connection.execute(text(_MERGED_STATES), {"module": MERGED})
        found = {row.session_id: orjson.loads(row.state) for row in rows}
    for writer, numbers in patches.items():
        for session, number in numbers.items():
            assert found[session][writer] == number, (writer, session)


async def _check_rows(connection: AsyncConnection, acknowledged: Iterable[Acknowledged]) -> None:
    told: dict[str, dict[str, Any]] = {}
    for one in acknowledged:
        for item in _objects(one.answer):
            numbers = {name: item[name] for name in _NUMBERS if name in item}
            told[item["id"]] = told.get(item["id"], {}) | numbers
    prefixes = {decoded[0] for decoded in map(decode, told) if decoded is not None}
    stored: dict[str, dict[str, Any]] = {}
    for table in [TABLES[prefix] for prefix in prefixes]:
        columns = [table.c[name] for name in ("id", *_NUMBERS) if name in table.c]
        for row in (await connection.execute(select(*columns))).mappings():
            stored[encode(PREFIXES[table], row["id"])] = {**row}
    for made, numbers in told.items():
        assert made in stored, f"{made} was acknowledged and is gone"
        assert {name: stored[made][name] for name in numbers} == numbers, made


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Walk all in an answer that has an id."""
    if isinstance(value, dict) and "id" in value:
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _objects(item)
