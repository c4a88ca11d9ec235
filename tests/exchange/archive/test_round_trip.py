"""What is exported and restored is the same store."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive import restore
from exchange.archive.layout import CARRIED
from resolvers.context import Context
from server import demo
from tests.exchange.archive.archives import (
    check_same_store,
    export,
    import_lines,
    new_project,
    refusals,
    rows_of,
)
from tests.exchange.archive.drawn_store import DrawnStore
from tests.graphql_client import GraphQLClient
from tests.history import fill
from tests.hostile.odd_values import EXAMPLES
from tests.invariants import check_invariants
from tests.mutation_inputs import mutation_inputs


@pytest.mark.parametrize("kept_rows", [1, 7, 2_000])
async def test_everything_that_can_be_recorded(
    kept_rows: int,
    engine: AsyncEngine,
    other_engine: AsyncEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(restore, "_ENOUGH_ROWS", kept_rows)
    await fill(engine, 3)
    lines = await export(engine)
    restored = await import_lines(other_engine, lines, tmp_path)
    assert not refusals(restored)
    assert all(each.is_new for each in restored[:-1])
    for table in CARRIED:
        assert await rows_of(engine, table), f"{table.name} is tried"
    await check_same_store(engine, other_engine)
    await check_invariants(other_engine)
    assert await export(other_engine) == lines


async def test_what_every_mutation_writes(
    graphql: GraphQLClient, engine: AsyncEngine, other_engine: AsyncEngine, tmp_path: Path
) -> None:
    for name, mutation in (await mutation_inputs(graphql)).items():
        if not name.startswith("delete"):
            await graphql.record(name, mutation.selection, **mutation.values)
    lines = await export(engine)
    assert not refusals(await import_lines(other_engine, lines, tmp_path))
    await check_same_store(engine, other_engine)
    await check_invariants(other_engine)


async def test_the_sample_history(
    engine: AsyncEngine, other_engine: AsyncEngine, tmp_path: Path
) -> None:
    await demo.fill(Context(engine, 1), 60)
    lines = await export(engine)
    assert not refusals(await import_lines(other_engine, lines, tmp_path))
    await check_same_store(engine, other_engine)
    await check_invariants(other_engine)
    assert await export(other_engine) == lines


_NUMBERS = count(2)


@settings(
    max_examples=EXAMPLES or 20,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_random_stores(
    engine: AsyncEngine, other_engine: AsyncEngine, tmp_path: Path, data: st.DataObject
) -> None:
    name = f"p{next(_NUMBERS)}"
    mine, theirs = await new_project(engine, name), await new_project(other_engine, name)
    store = DrawnStore(Context(engine, mine), data.draw)
    for _ in range(data.draw(st.integers(1, 25))):
        await store.step()
    lines = await export(engine, mine)
    restored = await import_lines(other_engine, lines, tmp_path, theirs)
    assert not refusals(restored)
    assert restored[-1].note is None, "no reference is lost"
    await check_same_store(engine, other_engine, mine, theirs)
    assert await export(other_engine, theirs) == lines
    again = await import_lines(other_engine, lines, tmp_path, theirs)
    assert not any(each.is_new or each.refusal or each.note for each in again)
    await check_invariants(other_engine)
