"""However large a tree is, little of it is held at a time."""

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.chat import export_chats
from exchange.archive.export import export_lines
from exchange.archive.restore import restore
from exchange.json_lines import read_lines
from resolvers.context import Context
from resolvers.identifiers import TABLES
from tests.exchange.archive.archives import EVERYTHING, WHEN, new_project, rows_of
from tests.factories import create_session
from tests.graphql_client import GraphQLClient

MESSAGES = 8_000
_CHARACTERS = 8_000
_MOST_HELD = 20_000_000

_FILL = """
    WITH said AS (
        INSERT INTO messages (project_id, id, session_id, sequence, role, content)
        SELECT 1, gen_random_uuid(), s.id, number, 'USER', repeat('x', :characters)
        FROM sessions s, generate_series(1, :messages) number RETURNING id, session_id, sequence
    ), told AS (
        INSERT INTO session_events
            (project_id, id, session_id, root_id, sequence, event_type, subject_type, subject_id)
        SELECT 1, gen_random_uuid(), session_id, session_id, sequence + 1, 'message.recorded',
            'message', id FROM said ORDER BY sequence
    )
    UPDATE sessions SET message_count = :messages, message_sequence = :messages,
        event_sequence = :messages + 1"""


@contextmanager
def _held() -> Iterator[list[int]]:
    """Give the most that was held at a time, in bytes, when it is over."""
    peaks: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield peaks
        peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


async def test_a_large_tree_goes_out_and_in_piece_by_piece(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    await create_session(graphql)
    async with engine.begin() as connection:
        values = {"messages": MESSAGES, "characters": _CHARACTERS}
        await connection.execute(text(_FILL), values)
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file, _held() as held:
        async for line in export_lines(engine, 1, EVERYTHING, WHEN):
            file.write(line)
    assert path.stat().st_size > 3 * _MOST_HELD
    assert held[0] < _MOST_HELD, "exported"
    with _held() as held:
        size = 0
        async for piece in export_chats(engine, 1, EVERYTHING):
            size += len(piece)
    assert size > 3 * _MOST_HELD
    assert held[0] < _MOST_HELD, "exported as a chat"
    other = await new_project(engine, "other")
    with _held() as held:
        restored = [each async for each in restore(Context(engine, other), read_lines(path))]
    assert restored[0].rows == {"session": 1, "message": MESSAGES, "session_event": MESSAGES + 1}
    assert held[0] < _MOST_HELD, "restored"
    with _held() as held:
        again = [each async for each in restore(Context(engine, other), read_lines(path))]
    assert not again[0].is_new
    assert again[0].refusal is None
    assert held[0] < _MOST_HELD, "found to be there"


async def test_a_restore_that_was_broken_off_goes_on(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    for number in range(3):
        await create_session(graphql, f"s{number}")
    async with engine.begin() as connection:
        await connection.execute(text(_FILL), {"messages": 1_500, "characters": 1})
    path = tmp_path / "archive.jsonl"
    with path.open("wb") as file:
        async for line in export_lines(engine, 1, EVERYTHING, WHEN):
            file.write(line)
    other = await new_project(engine, "other")
    restoring = restore(Context(engine, other), read_lines(path))
    assert (await anext(restoring)).is_new
    await restoring.aclose()
    assert len(await rows_of(engine, TABLES["session"], other)) == 1, (
        "each is there whole, or not at all"
    )
    restored = [each async for each in restore(Context(engine, other), read_lines(path))]
    assert [each.is_new for each in restored[:-1]] == [False, True, True]
