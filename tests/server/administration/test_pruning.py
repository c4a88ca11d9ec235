"""What a prune deletes, and what it keeps."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import SessionStatus
from resolvers import pruning, row_slices
from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.duty import Duty
from resolvers.following.settled_positions import DELETION_LOCK, SettledPositions
from resolvers.identifiers import decode
from resolvers.pruning import KeepUntil, look, prune_trees
from resolvers.session import ENDED
from resolvers.transaction import record
from server.administration import pruning as administration
from server.administration.pruning import (
    KeepFor,
    Pruned,
    PruningElsewhereError,
    count_prunable,
    prune,
)
from tests.deadlocks import count_deadlocks
from tests.factories import (
    create_memory,
    create_session,
    record_message,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, digest_rows
from tests.project_conditions import check_statements
from tests.statements import recorded_statements

_MONTHS = timedelta(days=90)
_ENDED: KeepFor = dict.fromkeys(ENDED, _MONTHS)


_CALL = {"toolName": "search", "toolCallId": "call", "arguments": {"q": 1}}


def _ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def _session(
    graphql: GraphQLClient, name: str, days: float, status: str = "COMPLETED", **values: Any
) -> None:
    """Make a session in which something happened last so many days ago."""
    at = _ago(days)
    await create_session(graphql, name, startedAt=at, **values)
    await record_message(graphql, name, createdAt=at, role="ASSISTANT", toolCalls=[_CALL])
    await upsert_state(graphql, {"a": 1}, name, createdAt=at, snapshotReason="end")
    if status == "WAITING":
        await request_confirmation(graphql, name, toolName="pay", createdAt=at)
    elif status != "ACTIVE":
        await graphql.record("endSession", "replayed", session=name, status=status, endedAt=at)


async def _prune(
    context: Context, keep_for: KeepFor, *, in_turn: bool = True, duty: Duty | None = None
) -> Pruned:
    total = Pruned()
    async for pruned in prune(context, keep_for, duty=duty or Duty(1), in_turn=in_turn):
        total += pruned
    return total


async def _names(engine: AsyncEngine, project_id: int = 1) -> set[str]:
    statement = "SELECT session_id FROM sessions WHERE project_id = :project"
    async with engine.connect() as connection:
        return set(await connection.scalars(text(statement), {"project": project_id}))


@pytest.fixture
async def forest(graphql: GraphQLClient, other_project: GraphQLClient) -> set[str]:
    """Trees of all kinds; gives the names of their sessions."""
    for status in SessionStatus:
        await _session(graphql, f"old {status}", 100, status)
        await _session(graphql, f"new {status}", 10, status)
    await _session(graphql, "deep", 100)
    await _session(graphql, "deep/1", 100, parent="deep")
    await _session(graphql, "deep/1/1", 100, "FAILED", parent="deep/1")
    await _session(graphql, "lively", 100)
    await _session(graphql, "lively/1", 100, parent="lively")
    await _session(graphql, "lively/1/1", 10, parent="lively/1")
    await _session(graphql, "open", 100)
    await _session(graphql, "open/1", 100, "ACTIVE", parent="open")
    await _session(other_project, "old COMPLETED", 100)
    return {
        *(f"{age} {status}" for age in ("old", "new") for status in SessionStatus),
        *("deep", "deep/1", "deep/1/1", "lively", "lively/1", "lively/1/1", "open", "open/1"),
    }


_DEEP = {"deep", "deep/1", "deep/1/1"}
_OPEN = {"open", "open/1"}


@pytest.mark.parametrize(
    ("keep_for", "gone"),
    [
        ({"COMPLETED": _MONTHS}, {"old COMPLETED", *_DEEP}),
        ({"FAILED": _MONTHS}, {"old FAILED"}),
        ({"ACTIVE": _MONTHS}, {"old ACTIVE"}),
        ({"WAITING": _MONTHS}, {"old WAITING"}),
        (_ENDED, {*(f"old {status}" for status in ENDED), *_DEEP}),
        ({"COMPLETED": _MONTHS, "ACTIVE": _MONTHS},
         {"old COMPLETED", "old ACTIVE", *_DEEP, *_OPEN}),
        ({"COMPLETED": _MONTHS, "ACTIVE": 2 * _MONTHS}, {"old COMPLETED", *_DEEP}),
        ({"COMPLETED": 2 * _MONTHS, "FAILED": _MONTHS}, {"old FAILED"}),
        ({"COMPLETED": 2 * _MONTHS}, set()),
    ],
)  # fmt: skip
async def test_what_goes_and_what_stays(
    engine: AsyncEngine, forest: set[str], keep_for: KeepFor, gone: set[str]
) -> None:
    async with recorded_statements(engine) as statements:
        counted = await count_prunable(Context(engine, 1), keep_for)
        pruned = await _prune(Context(engine, 1), keep_for)
    check_statements([each for each in statements if "sessions" in each.query], {1})
    assert await _names(engine) == forest - gone
    roots = sum("/" not in name for name in gone)
    assert pruned == Pruned(roots, len(gone), len(gone))
    assert (counted.trees, counted.sessions, counted.messages) == (roots, len(gone), len(gone))
    assert await _names(engine, 2) == {"old COMPLETED"}
    await check_invariants(engine)
    assert await _prune(Context(engine, 1), keep_for) == Pruned()


async def test_a_dry_run_writes_nothing(engine: AsyncEngine, forest: set[str]) -> None:
    before = await digest_rows(engine)
    counted = await count_prunable(Context(engine, 1), _ENDED)
    assert await digest_rows(engine) == before
    assert counted.trees == 5
    assert counted.oldest is not None
    assert counted.newest is not None
    assert _ago(101) < counted.oldest.isoformat() < counted.newest.isoformat() < _ago(99)


async def test_a_large_forest_is_looked_through_once(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "LOOKED_AT", 3)
    monkeypatch.setattr(administration, "BATCH_ROWS", 20)
    for number in range(8):
        await _session(graphql, f"kept {number}", 100 + number, "ACTIVE")
        await _session(graphql, f"gone {number}", 100 + number)
    async with recorded_statements(engine) as statements:
        assert await _prune(Context(engine, 1), _ENDED) == Pruned(8, 8, 8)
    looks = [each for each in statements if "ORDER BY sessions.last_activity_at" in each.query]
    assert len(looks) == 6
    assert await _names(engine) == {f"kept {number}" for number in range(8)}


async def test_memories_stay(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await _session(graphql, "old", 100)
    message = await record_message(graphql, "old", createdAt=_ago(100))
    memory = await create_memory(
        graphql, session="old", sourceMessage=message["id"], createdAt=_ago(100)
    )
    await graphql.record(
        "recordMemoryAccess", "replayed", memory=memory["id"], accessType="READ", session="old",
        message=message["id"], occurredAt=_ago(100),
    )  # fmt: skip
    assert (await _prune(Context(engine, 1), _ENDED)).sessions == 1
    data = await graphql.execute(
        """query ($id: ID!) { memory(id: $id) { session { id } sourceMessage { id } accessCount
          accesses { nodes { session { id } message { id } } } } }""",
        id=memory["id"],
    )
    assert data["memory"] == {
        "session": None,
        "sourceMessage": None,
        "accessCount": 1,
        "accesses": {"nodes": [{"session": None, "message": None}]},
    }
    await check_invariants(engine)


async def _find(context: Context) -> dict[str, Any]:
    async with context.engine.connect() as connection:
        now = (await connection.execute(select(func.now()))).scalar_one()
        until: KeepUntil = dict.fromkeys(ENDED, now - _MONTHS)
        found = await look(connection, context.project_id, until, None)
    return {"roots": [tree.root_id for tree in found.trees], "until": until, "duty": Duty(1)}


async def test_what_was_revived_since_it_was_found_stays(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    context = Context(engine, 1)
    for name in ("written", "child written", "child made", "held", "child held", "gone"):
        await _session(graphql, name, 100)
        await _session(graphql, f"{name}/1", 100, parent=name)
    given = await _find(context)
    assert len(given["roots"]) == 6
    await record_message(graphql, "written")
    await record_message(graphql, "child written/1")
    await create_session(graphql, "child made/2", parent="child made")
    async with engine.connect() as other, other.begin():
        held = "SELECT FROM sessions WHERE session_id IN ('held', 'child held/1') FOR NO KEY UPDATE"
        await other.execute(text(held))
        async with asyncio.timeout(20):
            answer = await record(context, "prune", prune_trees, given)
    assert (answer["trees"], answer["sessions"], answer["messages"]) == (1, 2, 2)
    assert not {"gone", "gone/1"} & await _names(engine)
    answer = await record(context, "prune", prune_trees, given)
    assert answer["trees"] == 2
    assert await _names(engine) == {
        *("written", "written/1", "child written", "child written/1"),
        *("child made", "child made/1", "child made/2"),
    }
    await check_invariants(engine)


class _Cut(Duty):
    """Breaks off what it is to rest from, at one of the rests."""

    def __init__(self, place: int) -> None:
        super().__init__(1)
        self._left = place

    async def rest(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


async def test_wherever_it_is_broken_off_trees_are_whole_and_it_goes_on(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administration, "BATCH_ROWS", 60)
    monkeypatch.setattr(row_slices, "SLICE_ROWS", 3)
    monkeypatch.setattr(pruning, "SLICE_ROWS", 3)
    names = [f"s{number}" for number in range(3)]
    for name in names:
        await _session(graphql, name, 100)
        for _ in range(8):
            await record_message(graphql, name, createdAt=_ago(100))
        for child in range(2):
            await _session(graphql, f"{name}/{child}", 100, parent=name)
        for key in "abcde":
            item = {"session": name, "collection": "c", "key": key, "value": 1}
            await graphql.record("putSessionItem", "changed", **item)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE sessions SET last_activity_at = started_at WHERE session_id LIKE 's_'")
        )
    place, cuts = 0, 0
    while await _names(engine):
        place += 1
        try:
            await _prune(Context(engine, 1), _ENDED, duty=_Cut(place))
        except KeyboardInterrupt:
            cuts += 1
        left = await _names(engine)
        for name in names:
            assert len(left & {name, f"{name}/0", f"{name}/1"}) in {0, 3}
        await check_invariants(engine)
    assert cuts > 10


async def test_writers_lose_nothing_that_was_acknowledged(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(administration, "BATCH_ROWS", 40)
    names = [f"s{number}" for number in range(24)]
    for name in names:
        await _session(graphql, name, 100)
    recorded: list[str] = []
    lost: list[str] = []

    async def write(mine: list[str]) -> None:
        for name in mine:
            replies = [
                await graphql.mutate(
                    "recordMessage", "message { id }", session=name, role="USER", content="again"
                ),
                await graphql.mutate(
                    "createSession", "session { id }", sessionId=f"{name}/1", parent=name
                ),
            ]
            for reply in replies:
                if reply.errors:
                    assert reply.error["code"] in {"NOT_FOUND", "CONFLICT"}
                    lost.append(name)
                else:
                    assert reply.data is not None
                    ((made,),) = (payload.values() for payload in reply.data.values())
                    recorded.append(made["id"])

    await asyncio.gather(
        *[write(names[start::3]) for start in range(3)],
        *[_prune(Context(engine, 1), _ENDED) for _ in range(2)],
    )
    for own_id in recorded:
        assert (await graphql.execute("query ($id: ID!) { node(id: $id) { id } }", id=own_id))[
            "node"
        ] is not None
    assert recorded
    assert len(recorded) + len(lost) == 48
    await check_invariants(engine)
    assert await count_deadlocks(engine) == 0


async def test_one_prunes_at_a_time(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await _session(graphql, "old", 100)
    async with engine.connect() as other, other.begin():
        await other.execute(select(func.pg_advisory_xact_lock(*DELETION_LOCK)))
        with pytest.raises(PruningElsewhereError):
            await _prune(Context(engine, 1), _ENDED, in_turn=False)
        waiting = asyncio.create_task(_prune(Context(engine, 1), _ENDED))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done
    assert (await waiting).trees == 1


class _Held(Duty):
    """Rests until it may go on."""

    def __init__(self) -> None:
        super().__init__(1)
        self.rests = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def rest(self) -> None:
        self.rests.set()
        await self.goes_on.wait()


async def test_a_long_prune_holds_up_no_follower(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_slices, "SLICE_ROWS", 1)
    await _session(graphql, "old", 100)
    held = _Held()
    pruning_task = asyncio.create_task(_prune(Context(engine, 1), _ENDED, duty=held))
    await held.rests.wait()
    await create_session(graphql, "new")
    positions = SettledPositions(engine)
    assert await positions.settled() == await positions.last()
    assert await _names(engine) == {"old", "new"}
    held.goes_on.set()
    assert (await pruning_task).trees == 1


async def test_who_follows_is_told(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await _session(graphql, "old", 100, "WAITING")
    data = await graphql.execute('{ session(id: "old") { id confirmations { nodes { id } } } }')
    ids = [data["session"]["id"], data["session"]["confirmations"]["nodes"][0]["id"]]
    changes = Changes()
    decoded = [decode(each) for each in ids]
    await _prune(Context(engine, 1, changes), {"WAITING": _MONTHS})
    assert {each[1] for each in decoded if each is not None} <= changes.take_untold()
