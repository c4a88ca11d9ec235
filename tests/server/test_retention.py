"""Retention rules, which servers enforce by themselves."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from models import SessionStatus
from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.duty import Duty
from resolvers.errors import Invalid, NotFound
from resolvers.following.settled_positions import DELETION_LOCK
from server.administration.pruning import Pruned, prune
from server.administration.retention_rules import list_rules, remove_rule, set_rule
from server.app import create_app
from server.commands.durations import read_duration, write_duration
from server.database import create_engine
from server.open_streams import OpenStreams
from server.retention import Retention
from server.settings import Settings
from tests.deadlocks import count_deadlocks
from tests.factories import create_session, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants
from tests.live_server import LiveServer, live_server
from tests.server_process import COMMAND
from tests.waiting import IN_TIME

_QUARTER = timedelta(days=90)


async def _old_session(
    graphql: GraphQLClient, name: str, status: str = "COMPLETED", days: int = 100
) -> None:
    at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    await create_session(graphql, name, startedAt=at)
    await record_message(graphql, name, createdAt=at)
    await graphql.record("endSession", "replayed", session=name, status=status, endedAt=at)


async def _names(engine: AsyncEngine) -> set[tuple[int, str]]:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT project_id, session_id FROM sessions"))
        return {(row.project_id, row.session_id) for row in found}


async def _set(engine: AsyncEngine, project: str, **days: int) -> None:
    async with engine.begin() as connection:
        for status, kept in days.items():
            await set_rule(connection, project, SessionStatus(status), timedelta(days=kept))


async def test_rules_are_set_changed_listed_and_removed(
    engine: AsyncEngine, other_project: GraphQLClient
) -> None:
    await _set(engine, "default", COMPLETED=90, FAILED=30)
    await _set(engine, "default", COMPLETED=60)
    await _set(engine, "other", EXPIRED=1)
    async with engine.begin() as connection:
        rules = [
            (rule.project, rule.status, rule.keep_for.days) for rule in await list_rules(connection)
        ]
        assert rules == [
            ("default", "COMPLETED", 60),
            ("default", "FAILED", 30),
            ("other", "EXPIRED", 1),
        ]
        await remove_rule(connection, "default", SessionStatus.FAILED)
        assert len(await list_rules(connection, "default")) == 1
        with pytest.raises(NotFound):
            await remove_rule(connection, "default", SessionStatus.FAILED)
        with pytest.raises(NotFound):
            await set_rule(connection, "nowhere", SessionStatus.FAILED, _QUARTER)
        with pytest.raises(Invalid):
            await set_rule(connection, "default", SessionStatus.FAILED, timedelta())


async def test_each_project_is_pruned_by_its_own_rules(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    for client in (graphql, other_project):
        for status in ("COMPLETED", "FAILED"):
            await _old_session(client, status, status)
    await _set(engine, "default", COMPLETED=90, FAILED=120)
    await _set(engine, "other", FAILED=90)
    retention = Retention(engine, Changes())
    with capture_logs() as logs:
        assert await retention.look() == retention.pause_seconds
        assert await _names(engine) == {(1, "FAILED"), (2, "COMPLETED")}
        await retention.look()
    assert [(line["event"], line["project"], line["sessions"]) for line in logs] == [
        ("sessions pruned", "default", 1),
        ("sessions pruned", "other", 1),
    ]
    assert retention.pruned == Pruned(2, 2, 2)
    await check_invariants(engine)


async def test_what_has_no_rule_is_kept(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await _old_session(graphql, "old")
    retention = Retention(engine, Changes())
    await retention.look()
    assert retention.pruned == Pruned()


async def test_processes_do_not_prune_at_once(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.administration.pruning.BATCH_ROWS", 5)
    monkeypatch.setattr("server.retention._DUTY", 1)
    for number in range(12):
        await _old_session(graphql, f"old {number}")
    await _set(engine, "default", COMPLETED=90)
    everyone = [Retention(engine, Changes()) for _ in range(3)]
    with capture_logs() as logs:
        async with engine.connect() as other, other.begin():
            await other.execute(select(func.pg_advisory_xact_lock(*DELETION_LOCK)))
            await everyone[0].look()
        assert len(await _names(engine)) == 12
        while await _names(engine):
            await asyncio.gather(*[each.look() for each in everyone])
    assert {line["event"] for line in logs} == {"sessions pruned"}
    assert sum(each.pruned.sessions for each in everyone) == 12
    assert sum(line["sessions"] for line in logs) == 12
    assert await count_deadlocks(engine) == 0


async def test_one_project_that_fails_does_not_stop_the_others(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    await _old_session(graphql, "old")
    await _old_session(other_project, "old")
    for project in ("default", "other"):
        await _set(engine, project, COMPLETED=90)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE 'no' USING ERRCODE = '55000'; END $$"""
            )
        )
        await connection.execute(
            text(
                """CREATE TRIGGER refuse BEFORE DELETE ON sessions FOR EACH ROW
                WHEN (old.project_id = 1) EXECUTE FUNCTION refuse()"""
            )
        )
    with capture_logs() as logs:
        await Retention(engine, Changes()).look()
    assert [line["event"] for line in logs] == ["sessions pruned", "sessions not pruned"]
    assert await _names(engine) == {(1, "old")}


async def test_a_database_that_is_away_is_told_of_once(database_url: URL) -> None:
    away = create_engine(Settings(), database_url.set(port=1))
    with capture_logs() as logs:
        retention = Retention(away, Changes())
        for _ in range(2):
            assert await retention.look() == retention.pause_seconds
    assert [line["event"] for line in logs] == ["sessions not pruned"]
    await away.dispose()


@pytest.fixture
async def server(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveServer]:
    """The application on a port of its own, which enforces rules and expiry at once."""
    monkeypatch.setattr(Retention, "pause_seconds", 0.1)
    settings = Settings(insecure=True)
    streams = OpenStreams(settings)
    async with live_server(create_app(settings, engine, streams), settings, streams) as live:
        yield live


_FOLLOW = """subscription ($session: ID!, $tree: Boolean!) {
  sessionEvents(session: $session, tree: $tree, after: 0) { sequence } }"""


@pytest.mark.parametrize("by", ["server", "command"])
async def test_who_follows_what_is_pruned_is_done(
    graphql: GraphQLClient, server: LiveServer, engine: AsyncEngine, by: str
) -> None:
    """A command tells no server; each looks for itself every two seconds."""
    await _old_session(graphql, "old")
    async with server.client() as client, asyncio.timeout(IN_TIME):
        for message_id, tree in (("1", False), ("2", True)):
            variables = {"session": "old", "tree": tree}
            await client.subscribe(message_id, _FOLLOW, variables=variables)
        messages = [await client.receive() for _ in range(6)]
        assert {message["type"] for message in messages} == {"next"}
        if by == "server":
            await _set(engine, "default", COMPLETED=90)
        else:
            of_command = Context(engine, 1)
            async for _ in prune(of_command, {"COMPLETED": _QUARTER}, duty=Duty(1), in_turn=True):
                pass
        ends = [await client.receive() for _ in range(2)]
    assert {(end["type"], end["id"]) for end in ends} == {("complete", "1"), ("complete", "2")}


async def test_the_server_expires_and_counts(graphql: GraphQLClient, server: LiveServer) -> None:
    await create_session(graphql, expiresAt="2026-01-01T00:00:00Z")
    data = {"status": "ACTIVE"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        async with asyncio.timeout(IN_TIME):
            while data["status"] == "ACTIVE":
                data = (await graphql.execute('{ session(id: "session") { status } }'))["session"]
        metrics = (await http.get("/metrics")).text
    assert data["status"] == "EXPIRED"
    for name in ("pruned_sessions", "pruned_messages", "deleted_idempotency_keys"):
        assert f"sessiongraph_{name}_total 0.0" in metrics


def _environment(url: URL) -> dict[str, str]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {"DATABASE_URL": address, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def _run(url: URL, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, *arguments],
        env=_environment(url),
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_commands_of_rules(database_url: URL) -> None:
    made = _run(database_url, "retention", "set", "--status", "COMPLETED", "--keep", "12w")
    assert made.returncode == 0, made.stderr
    assert made.stderr == (
        "Trees of default whose root is COMPLETED go 84d after the last activity in them; "
        "servers look every 5 minutes.\n"
    )
    rule = {"project": "default", "status": "COMPLETED", "keep": "84d"}
    assert json.loads(_run(database_url, "retention", "list", "--json").stdout) == [rule]
    none = _run(database_url, "retention", "set", "--status", "FAILED", "--keep", "0d")
    assert (none.returncode, none.stderr) == (
        1,
        "sessiongraph: Give a time of at least a second.\n",
    )
    assert _run(database_url, "retention", "remove", "--status", "COMPLETED").returncode == 0
    again = _run(database_url, "retention", "remove", "--status", "COMPLETED")
    assert again.returncode == 1
    assert again.stderr.startswith("sessiongraph: The project default has no rule for COMPLETED;")


@pytest.mark.parametrize("written", ["1s", "90m", "36h", "90d"])
def test_durations_are_written_as_they_are_read(written: str) -> None:
    assert write_duration(read_duration(written)) == written


async def test_the_command_prunes(
    graphql: GraphQLClient, engine: AsyncEngine, database_url: URL
) -> None:
    await _old_session(graphql, "old", days=101)
    await _old_session(graphql, "older", "FAILED", days=102)
    await _old_session(graphql, "new", days=1)
    prune_old = ("prune", "--older-than", "90d")
    dry = _run(database_url, *prune_old, "--dry-run")
    days = [(datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d") for days in (102, 101)]
    assert dry.stdout.startswith(
        f"Would be deleted: 2 trees of 2 sessions with 2 messages, last active {days[0]}T"
    )
    assert f" to {days[1]}T" in dry.stdout
    refused = _run(database_url, *prune_old, answer="n\n")
    assert refused.returncode == 1
    assert refused.stderr.endswith("sessiongraph: Nothing was deleted.\n")
    assert len(await _names(engine)) == 3
    done = _run(database_url, *prune_old, "--status", "FAILED", answer="y\n")
    assert done.returncode == 0
    assert done.stdout.strip() == "Deleted: 1 trees of 1 sessions with 1 messages."
    done = _run(database_url, *prune_old, "--yes")
    assert done.stdout == "Deleted: 1 trees of 1 sessions with 1 messages.\n"
    done = _run(database_url, *prune_old)
    assert done.stdout == "Deleted: 0 trees of 0 sessions with 0 messages.\n"
    assert await _names(engine) == {(1, "new")}


async def test_the_command_is_interrupted_and_goes_on(
    graphql: GraphQLClient, engine: AsyncEngine, database_url: URL, tmp_path: Path
) -> None:
    await _old_session(graphql, "old")
    async with engine.begin() as connection:
        await connection.execute(
            text(
                """CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(25); RETURN old; END $$"""
            )
        )
        await connection.execute(
            text(
                """CREATE TRIGGER linger BEFORE DELETE ON sessions FOR EACH ROW
                EXECUTE FUNCTION linger()"""
            )
        )
    command = [str(COMMAND), "prune", "--older-than", "90d", "--yes"]
    output = tmp_path / "output"
    with output.open("w") as file:
        process = await asyncio.create_subprocess_exec(
            *command, env=_environment(database_url), stdout=file, stderr=file
        )
    lingers = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event = 'PgSleep'"
    )
    async with engine.connect() as connection, asyncio.timeout(IN_TIME):
        while not await connection.scalar(lingers):
            await connection.rollback()
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), IN_TIME) == 130
    assert "Interrupted. Deleted: 0 trees of 0 sessions with 0 messages." in output.read_text()
    await check_invariants(engine)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TRIGGER linger ON sessions"))
    assert _run(database_url, *command[1:]).stdout.startswith("Deleted: 1 trees")
