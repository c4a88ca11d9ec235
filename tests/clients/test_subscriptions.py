"""What others made to subscribe follows a session of this server, over its restart too."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.clients.programs import build
from tests.graphql_client import GraphQLClient
from tests.server_process import make_environment, serve

FOLLOWERS = {
    "gql": ("gql", ".venv/bin/python", "follower.py"),
    **{
        client: ("npm", "node", ".generated/build/src/follower.js", client)
        for client in ("graphql-ws", "graphql-ws that is not lazy", "graphql-sse")
    },
}
"""Each client's folder, and the command that follows the session of a task given as JSON.

It prints a line for each event, asks again when it is cut off, and ends with the subscription.
"""

FOLLOW = """subscription ($session: ID!, $after: BigInt) {
  sessionEvents(session: $session, after: $after) {
    sequence
    subject { ... on Message { content } }
  }
}"""
SESSION = "followed"
MESSAGES = 20
"""Before the restart, and again after it."""
SECONDS = 60


async def test_clients_follow_a_session_over_a_restart(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    environment = make_environment(tmp_path_factory.mktemp("followed"))
    environment["SESSIONGRAPH_LOG_LEVEL"] = "ERROR"
    async with AsyncExitStack() as stack:
        with serve(environment) as (_, address):
            await _send(address, "createSession", sessionId=SESSION)
            followers = [
                await stack.enter_async_context(_following(client, address)) for client in FOLLOWERS
            ]
            await _record(address, range(MESSAGES))
            # the first event is the session's own
            before = [await _read(follower, 1 + MESSAGES) for follower in followers]
        with serve(environment, "--port", str(urlsplit(address).port)) as (_, address):
            await _record(address, range(MESSAGES, 2 * MESSAGES))
            after = [await _read(follower, MESSAGES) for follower in followers]
            await _send(address, "deleteSession", session=SESSION)
            async with asyncio.timeout(SECONDS):
                last = [await follower.communicate() for follower in followers]
    contents = [None, *(f"message {number}" for number in range(2 * MESSAGES))]
    expected = list(enumerate(contents, 1))
    for client, *events in zip(FOLLOWERS, before, after, strict=True):
        assert [event for some in events for event in some] == expected, client
    assert last == [(b"", b"")] * len(FOLLOWERS)


@asynccontextmanager
async def _following(client: str, address: str) -> AsyncIterator[Process]:
    folder, *command = FOLLOWERS[client]
    task = {
        "url": f"{address}/graphql",
        "query": FOLLOW,
        "variables": {"session": SESSION, "after": 0},
    }
    process = await asyncio.create_subprocess_exec(
        *command, json.dumps(task), cwd=build(folder), stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _read(follower: Process, events: int) -> list[tuple[int, str | None]]:
    """Read so many events: the sequence of each, and the content of the message that it is of."""
    assert follower.stdout is not None
    read = []
    async with asyncio.timeout(SECONDS):
        for _ in range(events):
            event = json.loads(await follower.stdout.readline())["sessionEvents"]
            read.append((event["sequence"], (event["subject"] or {}).get("content")))
    return read


async def _record(address: str, numbers: range) -> None:
    for number in numbers:
        message = {"session": SESSION, "role": "USER", "content": f"message {number}"}
        await _send(address, "recordMessage", **message)


async def _send(address: str, mutation: str, **values: str) -> None:
    async with httpx2.AsyncClient(base_url=address) as http:
        await GraphQLClient(http).record(mutation, "__typename", **values)
