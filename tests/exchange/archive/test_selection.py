"""What is exported of a project: one tree, or what began in a time."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.selection import Selection
from resolvers.identifiers import decode
from tests.exchange.archive.archives import export, import_lines, new_project, refusals
from tests.factories import create_agent, create_agent_version, create_memory, create_session
from tests.graphql_client import GraphQLClient
from tests.history import fill
from tests.invariants import check_invariants


def _key(identifier: str) -> UUID:
    decoded = decode(identifier)
    assert decoded is not None
    return decoded[1]


def _rows(lines: list[bytes], noun: str) -> list[dict[str, Any]]:
    read = [orjson.loads(line) for line in lines]
    return [line[noun] for line in read if noun in line]


async def test_a_range_has_the_trees_that_began_in_it(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    for agent in ("a", "b", "c"):
        await create_agent(graphql, agent)
    await create_agent_version(graphql, "0", "a")
    version = await create_agent_version(graphql, "1", "a")
    await create_agent_version(graphql, "2", "a")
    for day in (1, 2, 3):
        await create_session(graphql, f"d{day}", agent="ab"[day % 2], startedAt=_day(day))
    await create_session(graphql, "below", parent="d2", startedAt=_day(9))
    await create_session(
        graphql, "of", parent="d2", agent="a", agentVersion=version["id"], startedAt=_day(2)
    )
    await create_memory(graphql, session="below", agent="c")
    await create_memory(graphql, session="d1")
    selection = Selection(began_from=_time(2), began_before=_time(3))
    lines = await export(engine, 1, selection)
    assert orjson.loads(lines[0])["sessiongraph"]["exported"] == "range"
    assert [row["sessionId"] for row in _rows(lines, "session")] == ["d2", "below", "of"]
    assert [row["agentId"] for row in _rows(lines, "agent")] == ["a", "c"]
    assert [row["versionNumber"] for row in _rows(lines, "agent_version")] == ["1", "2"]
    assert len(_rows(lines, "memory")) == 1
    other = await new_project(engine, "other")
    assert not refusals(await import_lines(engine, lines, tmp_path, other))
    assert (await export(engine, other))[1:-1] == lines[1:-1]
    assert len(await export(engine, 1, Selection(began_from=_time(4)))) == 2, "header and end"


def _day(day: int) -> str:
    return f"2026-01-0{day}T00:00:00Z"


def _time(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


async def test_the_trees_of_a_project_make_the_project(
    engine: AsyncEngine, graphql: GraphQLClient, tmp_path: Path
) -> None:
    await fill(engine, 3)
    other = await new_project(engine, "other")
    nodes = (await graphql.execute("{ sessions { nodes { id depth } } }"))["sessions"]["nodes"]
    roots = [_key(node["id"]) for node in nodes if node["depth"] == 0]
    for root in roots:
        lines = await export(engine, 1, Selection(root))
        assert not refusals(await import_lines(engine, lines, tmp_path, other))
    whole, parts = await export(engine), await export(engine, other)
    missing = [next(iter(orjson.loads(line))) for line in whole[1:-1] if line not in parts]
    assert set(missing) == {"agent_version", "agent_metric"}, "to which no session refers"
    await check_invariants(engine)
