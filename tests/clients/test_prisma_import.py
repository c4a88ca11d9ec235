"""`sessiongraph import-prisma` on databases that the real Prisma made and filled.

SQLite and PostgreSQL are always there; MySQL's tables are tested where MariaDB is installed.
"""

import asyncio
import json
import re
import signal
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as text_of
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base, EventType
from server.database import create_engine
from server.settings import Settings
from tests.clients.prisma_expected import (
    access,
    adapter_session,
    agent_session,
    annotation,
    chain,
    confirmation,
    differences,
    event,
    grouped,
    in_order,
    memory,
    message,
    metric,
    text,
    tool_call,
    version,
)
from tests.clients.prisma_reading import Reader
from tests.clients.prisma_sources import Row, Source, Variant, filled, has_mariadb, mariadb
from tests.conftest import http_client, new_name, run
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows
from tests.server_process import COMMAND, make_environment

_NEEDS_MARIADB = pytest.mark.skipif(not has_mariadb(), reason="MariaDB is not installed")


def _parameters(schema: str) -> list[Any]:
    variants = [
        Variant(schema, "sqlite"),
        Variant(schema, "sqlite", is_mapped=True, timestamps="iso8601"),
        Variant(schema, "postgresql"),
        Variant(schema, "mysql"),
    ]
    return [
        pytest.param(
            variant,
            id=variant.name,
            marks=[_NEEDS_MARIADB] if variant.provider == "mysql" else [],
        )
        for variant in variants
    ]


@dataclass(frozen=True)
class Moved:
    """A source that was moved over: what was told and what was changed on the way."""

    source: Source
    url: URL
    tried: str
    was_changed_by_trying: bool
    told: str


@pytest.fixture(scope="module")
def servers(server_url: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, URL]]:
    """The servers of the sources' databases, by provider."""
    with ExitStack() as stack:
        servers = {"postgresql": server_url}
        if has_mariadb():
            servers["mysql"] = stack.enter_context(mariadb(tmp_path_factory.mktemp("mariadb")))
        yield servers


@pytest.fixture(scope="module")
def moved(
    request: pytest.FixtureRequest,
    servers: dict[str, URL],
    template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Moved]:
    """Each source, moved over into a store of its own by the real command."""
    folder = tmp_path_factory.mktemp("prisma")
    with filled(request.param, folder, servers) as source:
        name = new_name("test")
        server = servers["postgresql"]
        create = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"
        asyncio.run(run(server, create))
        url = server.set(database=name)
        before = asyncio.run(_digest(url))
        tried = import_prisma(source, url, folder, "--dry-run")
        changed = asyncio.run(_digest(url)) != before
        yield Moved(source, url, tried, changed, import_prisma(source, url, folder))
        asyncio.run(run(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def store(moved: Moved) -> AsyncIterator[AsyncEngine]:
    """The store that a source was moved to."""
    engine = create_engine(Settings(pool_size=20), moved.url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def reader(store: AsyncEngine) -> AsyncIterator[Reader]:
    """A client of the store that a source was moved to."""
    async with http_client(store) as http:
        yield Reader(GraphQLClient(http))


def import_prisma(source: Source, url: URL, folder: Path, *options: str) -> str:
    """Run the command to its end; give what it told."""
    with start_import(source, url, folder, *options) as process:
        told, log = process.communicate(timeout=300)
    # 1 tells that rows were refused
    assert process.returncode in {0, 1}, log
    assert "read, " in told, log
    return told


def start_import(source: Source, url: URL, folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command on a source and a store."""
    if source.mapping is not None:
        mapping = folder / "mapping.json"
        mapping.write_text(json.dumps(source.mapping))
        options = ("--mapping", str(mapping), *options)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.Popen(
        [COMMAND, "import-prisma", source.url, *options],
        env={**make_environment(folder), "DATABASE_URL": plain, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def _digest(url: URL) -> dict[str, str | None]:
    engine = create_engine(Settings(), url)
    digest = await digest_rows(engine)
    await engine.dispose()
    return digest


_REFUSED = re.compile(r"refused: (?P<model>\w+): (?P<reason>.*) \([\d,]+: (?P<rows>[^()]*)\)")
_COUNTED = re.compile(
    r"(?P<model>\w+): (?P<read>[\d,]+) read, (?P<rest>.*), (?P<refused>[\d,]+) refused"
)


def _refusals(told: str) -> dict[tuple[str, str], str]:
    """Give what was told of rows that are refused: why, by model and id."""
    return {
        (found["model"], row): found["reason"]
        for found in _REFUSED.finditer(told)
        for row in found["rows"].split(", ")
    }


both = pytest.mark.parametrize(
    "moved", _parameters("storage_adapter") + _parameters("enhanced"), indirect=True
)
adapter = pytest.mark.parametrize("moved", _parameters("storage_adapter"), indirect=True)
enhanced = pytest.mark.parametrize("moved", _parameters("enhanced"), indirect=True)


@both
def test_a_dry_run_tells_the_same_and_writes_nothing(moved: Moved) -> None:
    assert not moved.was_changed_by_trying
    assert _refusals(moved.tried) == _refusals(moved.told)


@both
def test_what_is_refused_is_told_with_reasons_and_nothing_else_is(moved: Moved) -> None:
    expected = {
        (model, row): reason
        for model in moved.source.models
        for row, reason in moved.source.refused(model).items()
    }
    assert _refusals(moved.told).keys() == expected.keys()


@both
def test_rows_are_counted_and_compared(moved: Moved) -> None:
    counted = {found["model"]: found for found in _COUNTED.finditer(moved.told)}
    assert counted.keys() | {"User"} == set(moved.source.models) | {"User"}
    for model, found in counted.items():
        rows, kept = len(moved.source.rows(model)), len(moved.source.kept(model))
        assert (found["read"], found["refused"]) == (f"{rows:,}", f"{rows - kept:,}")
        assert found["rest"] == f"{kept:,} written, 0 there already, {kept:,} alike"
    assert re.search(r"^The source and the store agree: \w+$", moved.told, re.MULTILINE)
    assert "differs:" not in moved.told


@both
async def test_the_store_is_as_every_store(store: AsyncEngine) -> None:
    await check_invariants(store)


@both
async def test_another_run_adds_nothing(moved: Moved, tmp_path: Path) -> None:
    before = await _digest(moved.url)
    await asyncio.to_thread(import_prisma, moved.source, moved.url, tmp_path)
    assert await _digest(moved.url) == before


@adapter
async def test_sessions_of_the_storage_adapter_are_there(moved: Moved, reader: Reader) -> None:
    asked = {row["sessionId"] for row in moved.source.kept("PendingConfirmation")}
    rows = moved.source.kept("Session")
    sessions = await reader.sessions()
    assert sessions.keys() == {row["id"] for row in rows}
    read = [sessions[row["id"]] for row in rows]
    assert not differences(
        read, [adapter_session(row, is_asked=row["id"] in asked) for row in rows]
    )


@adapter
async def test_messages_are_there_in_order_with_their_calls(moved: Moved, reader: Reader) -> None:
    source = moved.source
    asked = {row["sessionId"] for row in source.kept("PendingConfirmation")}
    messages = grouped(source.kept("Message"), "sessionId")
    calls = grouped(source.kept("ToolCall"), "messageId")
    for session in source.kept("Session"):
        name = session["id"]
        rows = in_order(messages[name], "timestamp")
        read = await reader.messages(name)
        assert not differences(read, [message(row) for row in rows])
        assert [each["sequence"] for each in read] == list(range(1, len(read) + 1))
        waiting = "AWAITING_CONFIRMATION" if session["active"] else "CANCELLED"
        unanswered = waiting if name in asked else "PENDING"
        for row, each in zip(rows, read, strict=True):
            expected = [
                tool_call(call, unanswered) for call in in_order(calls[row["id"]], "timestamp")
            ]
            assert not differences(each["toolCalls"]["nodes"], expected)


@adapter
async def test_confirmations_wait_unless_their_session_has_ended(
    moved: Moved, reader: Reader
) -> None:
    sessions = {row["id"]: row for row in moved.source.kept("Session")}
    for row in moved.source.kept("PendingConfirmation"):
        status = "PENDING" if sessions[row["sessionId"]]["active"] else "CANCELLED"
        read = await reader.confirmations(row["sessionId"])
        assert not differences(read, [confirmation(row, status)])


@enhanced
async def test_agents_have_their_versions_and_metrics(moved: Moved, reader: Reader) -> None:
    source = moved.source
    agents = await reader.agents()
    assert agents.keys() == {row["id"] for row in source.kept("AI_Agent")}
    versions = grouped(source.kept("AgentVersion"), "agentId")
    metrics = grouped(source.kept("AgentMetric"), "agentId")
    for row in source.kept("AI_Agent"):
        agent = agents[row["id"]]
        assert agent["name"] == (text(row["name"]) or row["id"])
        assert agent["description"] == row["description"]
        assert agent["createdAt"] == row["createdAt"]
        assert agent["metadata"].get("configuration") == row["configuration"]
        assert agent["metadata"].get("capabilities", []) == (row["capabilities"] or [])
        assert agent["metadata"]["totalSessions"] == row["totalSessions"]
        read = {each["versionNumber"]: each for each in await reader.versions(row["id"])}
        expected = _versions(in_order(versions[row["id"]], "createdAt"))
        assert read.keys() == {each["versionNumber"] for each in expected}
        assert not differences([read[each["versionNumber"]] for each in expected], expected)
        assert not differences(
            _by_imported_id(await reader.agent_metrics(row["id"])),
            _by_imported_id([metric(each) for each in metrics[row["id"]]]),
        )


def _versions(rows: list[Row]) -> list[dict[str, Any]]:
    """Give what versions become: the last that is active alone, and numbers that are one's own."""
    active = next((row["id"] for row in reversed(rows) if row["isActive"]), None)
    seen: set[str] = set()
    expected = []
    for row in rows:
        is_double = row["versionNumber"] in seen
        seen.add(row["versionNumber"])
        expected.append(version(row, is_active=row["id"] == active, is_double=is_double))
    return expected


def _by_imported_id(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(nodes, key=lambda node: str(node["metadata"]["importedId"]))


@enhanced
async def test_sessions_stand_in_their_trees(moved: Moved, reader: Reader) -> None:
    rows = moved.source.kept("AgentSession")
    sessions = await reader.sessions()
    names = {row["sessionId"] for row in rows}
    assert {name for name in sessions if not name.startswith("module ")} == names
    read = [sessions[row["sessionId"]] for row in rows]
    assert not differences(read, [agent_session(moved.source, row) for row in rows])


@enhanced
async def test_sessions_have_their_metrics_and_events(moved: Moved, reader: Reader) -> None:
    events = grouped(moved.source.kept("SessionEvent"), "sessionId")
    metrics = grouped(moved.source.kept("SessionMetric"), "sessionId")
    for row in moved.source.kept("AgentSession"):
        if row["id"] not in events and row["id"] not in metrics:
            continue
        feed = await reader.events(row["sessionId"])
        assert [each["sequence"] for each in feed] == list(range(1, len(feed) + 1))
        read = [each for each in feed if each["eventType"] not in set(EventType)]
        told = sorted(
            events[row["id"]], key=lambda each: (each["sequence"], each["timestamp"], each["id"])
        )
        assert not differences(read, [event(each) for each in told])
        assert not differences(
            _by_imported_id(await reader.metrics(row["sessionId"])),
            _by_imported_id([metric(each) for each in metrics[row["id"]]]),
        )


@enhanced
async def test_states_of_a_module_are_revisions_of_one(moved: Moved, reader: Reader) -> None:
    source = moved.source
    names = {row["id"]: row["sessionId"] for row in source.kept("AgentSession")}
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in source.kept("ModuleState"):
        name = names.get(row["sessionId"], f"module {row['moduleId']}")
        rows[name, row["moduleId"]].append(row)
    for session in {session for session, _ in rows}:
        states = await reader.states(session)
        assert states.keys() == {module for name, module in rows if name == session}
        for module, state in states.items():
            revisions = chain(rows[session, module])
            last = revisions[-1]
            assert state["state"] == last["state"]
            assert state["stateType"] == last["stateType"]
            assert state["expiresAt"] == last["expiresAt"]
            assert state["version"] == text(last["version"])
            log = sorted(state["transitions"], key=lambda each: each["revision"])
            told = [each for each in log if "importedId" in (each["transitionData"] or {})]
            assert [(each["transitionData"]["importedId"], each["createdAt"]) for each in told] == [
                (row["id"], row["createdAt"]) for row in revisions
            ]
            # a document that is as before is logged as a change of nothing
            for each, row in zip(told, revisions, strict=True):
                assert each["newValues"] == ({} if each["isPatch"] else row["state"])
            expected = grouped(source.kept("StateTransition"), "stateId")
            moves = [row for revision in revisions for row in expected[revision["id"]]]
            assert len(log) == len(revisions) + len(moves)
            kept = [row["snapshotReason"] for row in revisions if row["isSnapshot"]]
            assert [each["reason"] for each in state["snapshots"]] == kept


@enhanced
async def test_memories_have_their_accesses_and_annotations(moved: Moved, reader: Reader) -> None:
    source = moved.source
    memories = await reader.memories()
    rows = source.kept("InteractionMemory")
    assert memories.keys() == {row["id"] for row in rows}
    assert not differences(
        [memories[row["id"]] for row in rows], [memory(source, row) for row in rows]
    )
    accesses = grouped(source.kept("MemoryAccess"), "memoryId")
    annotations = grouped(source.kept("MemoryAnnotation"), "memoryId")
    for row in rows:
        read = await reader.accesses(memories[row["id"]]["id"])
        read.sort(key=lambda each: each["sequence"])
        used = in_order(accesses[row["id"]], "createdAt")
        assert not differences(read, [access(each) for each in used])
        read = await reader.annotations(memories[row["id"]]["id"])
        remarks = [annotation(each) for each in annotations[row["id"]]]
        assert not differences(_by_content(read), _by_content(remarks))
        related = {
            each["relatedMemory"]["metadata"]["importedId"]
            for each in await reader.relations(memories[row["id"]]["id"])
        }
        there = memories.keys() - {row["id"]}
        assert related == there & _texts(row["relatedMemories"])


def _by_content(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(nodes, key=lambda node: str(node["content"]))


def _texts(related: Any) -> set[str]:
    listed = related["ids"] if isinstance(related, dict) else related or []
    return set(listed)


@pytest.mark.parametrize(
    "moved",
    [_parameters("storage_adapter")[0], _parameters("enhanced")[2]],
    indirect=True,
)
async def test_an_import_that_was_killed_goes_on(
    moved: Moved, store: AsyncEngine, engine: AsyncEngine, tmp_path: Path
) -> None:
    whole = await count_rows(store)
    kills = 0
    for part in (0.0, 0.5, 0.8):
        with start_import(moved.source, engine.url, tmp_path) as process:
            while process.poll() is None:
                if sum((await count_rows(engine)).values()) > part * sum(whole.values()) + 5:
                    process.send_signal(signal.SIGKILL)
                    break
                await asyncio.sleep(0)
            process.communicate()
            kills += process.returncode == -signal.SIGKILL
    assert kills > 0
    await asyncio.to_thread(import_prisma, moved.source, engine.url, tmp_path)
    assert await count_rows(engine) == whole
    assert await _history(engine) == await _history(store)
    await check_invariants(engine)


_OF_THE_RUN = "ARRAY['id', 'subject_id', 'position', 'created_at', 'updated_at', 'input_hash']"
"""Columns that are new in each run."""


async def _history(engine: AsyncEngine) -> dict[str, str | None]:
    """Digest what rows say, but for what is another in each run."""
    told = f"md5((to_jsonb(t) - {_OF_THE_RUN})::text)"
    async with engine.connect() as connection:
        return {
            table.name: await connection.scalar(
                text_of(f"SELECT md5(string_agg({told}, ',' ORDER BY {told})) FROM {table.name} t")
            )
            for table in Base.metadata.sorted_tables
        }
