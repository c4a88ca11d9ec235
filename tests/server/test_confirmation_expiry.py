"""Confirmations expire by themselves, on time and once, however many processes see to it."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from resolvers.changes import Changes
from resolvers.identifiers import decode
from server.confirmation_expiry import ConfirmationExpiry
from server.database import create_engine
from server.settings import Settings
from tests.deadlocks import count_deadlocks
from tests.factories import create_session, event_types, record_tool_call, request_confirmation
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants

READ = """query ($id: ID!) { confirmation(id: $id) {
  status reason decidedBy decidedAt expiresAt toolCall { status } session { status } } }"""


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def _status(graphql: GraphQLClient, confirmation: dict[str, Any]) -> str:
    found = await graphql.execute(READ, id=confirmation["id"])
    status: str = found["confirmation"]["status"]
    return status


async def _end(graphql: GraphQLClient, changes: Changes, confirmation: dict[str, Any]) -> str:
    """Wait until a confirmation has ended, which followers are told."""
    decoded = decode(confirmation["id"])
    assert decoded is not None
    with changes.follow(decoded[1]) as follower:
        async with asyncio.timeout(30):
            while (status := await _status(graphql, confirmation)) == "PENDING":
                await follower.wait()
    return status


async def test_it_expires_on_time(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    changes = Changes()
    async with ConfirmationExpiry(engine, changes).running():
        asked = await request_confirmation(graphql, toolCall=call["id"], expiresAt=_in(1.5))
        await _end(graphql, changes, asked)
    found = (await graphql.execute(READ, id=asked["id"]))["confirmation"]
    assert datetime.fromisoformat(found["expiresAt"]) <= datetime.now(UTC)
    assert found == {
        "status": "EXPIRED",
        "reason": "Nobody decided in time.",
        "decidedBy": None,
        "decidedAt": found["expiresAt"],
        "expiresAt": found["expiresAt"],
        "toolCall": {"status": "CANCELLED"},
        "session": {"status": "ACTIVE"},
    }
    assert (await event_types(graphql))[-3:] == [
        "confirmation.decided",
        "tool_call.completed",
        "session.status_changed",
    ]
    late = await graphql.mutate(
        "decideConfirmation", "replayed", confirmation=asked["id"], decision="APPROVED"
    )
    assert (late.error["code"], late.error["currentStatus"]) == ("CONFLICT", "EXPIRED")


async def test_processes_end_each_once(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    for client in (graphql, other_project):
        await create_session(client)
        records = [
            {"requestConfirmation": {"session": "session", "toolName": "pay", "expiresAt": each}}
            for each in [_in(1)] * 120
        ]
        await client.record("recordBatch", "recordedCount", records=records)
        await request_confirmation(client, toolName="pay", expiresAt=_in(3600))
        await request_confirmation(client, toolName="pay")
    everyone = Changes()
    async with AsyncExitStack() as stack:
        for _ in range(3):
            expiry = ConfirmationExpiry(engine, everyone)
            await stack.enter_async_context(expiry.running())
        left = 240
        async with asyncio.timeout(60):
            while left:
                left = await _count(engine, "status = 'PENDING'") - 4
                await asyncio.sleep(0)
    assert await _count(engine, "status = 'EXPIRED'") == 240
    for client in (graphql, other_project):
        data = await client.execute(
            """{ session(id: "session") { status
              events(filter: {eventType: {eq: "confirmation.decided"}}) { totalCount } } }"""
        )
        assert data["session"] == {"status": "WAITING", "events": {"totalCount": 120}}
    await check_invariants(engine)
    assert await count_deadlocks(engine) == 0


async def _count(engine: AsyncEngine, condition: str) -> int:
    async with engine.connect() as connection:
        counted = text(f"SELECT count(*) FROM confirmations WHERE {condition}")
        return await connection.scalar(counted) or 0


async def test_what_is_told_late_may_still_be_decided(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    asked_at, over = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    old = await request_confirmation(graphql, toolName="pay", createdAt=asked_at, expiresAt=over)
    given = {"confirmation": old["id"], "decidedAt": "2026-01-01T12:00:00Z"}
    changes = Changes()
    async with ConfirmationExpiry(engine, changes).running():
        asked = await request_confirmation(graphql, toolName="pay", expiresAt=_in(0.5))
        assert await _end(graphql, changes, asked) == "EXPIRED"
        decided = await graphql.record(
            "decideConfirmation", "confirmation { status }", decision="APPROVED", **given
        )
        assert decided["confirmation"] == {"status": "APPROVED"}
        left = await request_confirmation(
            graphql, toolName="pay", createdAt=asked_at, expiresAt=over
        )
        async with engine.begin() as connection:  # as if it had been told a minute ago
            await connection.execute(
                text(
                    "UPDATE confirmations SET updated_at = updated_at - interval '1 minute'"
                    " WHERE status = 'PENDING'"
                )
            )
        assert await _end(graphql, changes, left) == "EXPIRED"


async def test_a_decision_and_the_expiry_at_once(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    changes = Changes()
    statuses = set()
    async with ConfirmationExpiry(engine, changes).running():
        for seconds in (0, 0.01, 0.015, 0.02, 0.03, 60):
            asked = await request_confirmation(graphql, toolName="pay", expiresAt=_in(seconds))
            decide = {"confirmation": asked["id"], "decision": "DENIED"}
            reply = await graphql.mutate("decideConfirmation", "replayed", **decide)
            status = await _end(graphql, changes, asked)
            statuses.add(status)
            codes = [error["extensions"]["code"] for error in reply.errors]
            assert codes == (["CONFLICT"] if status == "EXPIRED" else [])
    assert statuses <= {"EXPIRED", "DENIED"}
    assert (await event_types(graphql)).count("confirmation.decided") == 6


async def test_a_database_that_is_away_is_told_of_once(
    graphql: GraphQLClient, engine: AsyncEngine, database_url: URL
) -> None:
    away = create_engine(Settings(), database_url.set(port=1))
    expiry = ConfirmationExpiry(away, Changes())
    with capture_logs() as logs:
        for _ in range(3):
            assert await expiry.look() == 1
        assert [(line["log_level"], line["event"]) for line in logs] == [
            ("warning", "confirmations not expired")
        ]
        assert logs[0]["exc_info"] is None
        expiry._engine = engine
        await create_session(graphql)
        asked = await request_confirmation(graphql, toolName="pay", expiresAt=_in(0))
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE confirmations SET expires_at = now() + '1 ms'"))
        while await _status(graphql, asked) == "PENDING":
            assert await expiry.look() <= 1
    assert [line["event"] for line in logs].count("confirmations not expired") == 1
    await away.dispose()
