"""Many clients that retry the same mutations, on connections that are cut again and again."""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.deadlocks import count_deadlocks
from tests.invariants import check_invariants, count_rows
from tests.keyed_mutations import ROWS, KeyedMutation, keyed_mutations
from tests.server_process import READY_SECONDS, make_environment, serve

CLIENTS = 50
CUT = 0.2
"""How many of the requests are cut."""
LONGEST_WAIT_SECONDS = 0.2
"""How long a client that cuts waits for the answer's first byte at most."""


@dataclass
class RetryingClient:
    """Sends mutations in an order of its own until each is answered, over one connection at a time.

    `refusals` counts the codes of the errors that it was answered.
    """

    address: str
    random: Random
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    replayed: Counter[bool] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    _stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, mutations: Sequence[KeyedMutation]) -> None:
        """Send each mutation until it is answered."""
        waiting = self.random.sample(mutations, len(mutations))
        while waiting:
            unanswered = [one for one in waiting if not await self._try(one)]
            waiting = self.random.sample(unanswered, len(unanswered))
        self._cut()

    async def _try(self, one: KeyedMutation) -> bool:
        if not one.is_ready(self.answers):
            return False
        reply = await self._send(orjson.dumps(one.body(self.answers)))
        if reply is None:
            return False
        if "errors" in reply:
            self.refusals.update(error["extensions"]["code"] for error in reply["errors"])
            return False
        answer = reply["data"][one.mutation]
        self.replayed[answer.pop("replayed")] += 1
        self.answers[one.key] = answer
        return True

    async def _send(self, body: bytes) -> dict[str, Any] | None:
        """Send a request and read its answer, unless the connection is cut in the middle."""
        if self._stream is None:
            parts = urlsplit(self.address)
            self._stream = await asyncio.open_connection(parts.hostname, parts.port)
        reader, writer = self._stream
        request = (
            b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        if self.random.random() >= CUT:
            writer.write(request)
            return await _read(reader)
        where = self.random.choice(["in the request", "after it", "in the answer"])
        self.cuts[where] += 1
        length = len(request)
        writer.write(
            request[: self.random.randrange(length) if where == "in the request" else length]
        )
        if where == "in the answer":
            try:
                async with asyncio.timeout(self.random.random() * LONGEST_WAIT_SECONDS):
                    await reader.readexactly(1)
            except TimeoutError:
                self.cuts["before the answer"] += 1
        self._cut()
        return None

    def _cut(self) -> None:
        if self._stream is not None:
            self._stream[1].transport.abort()
            self._stream = None


async def _read(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    reply: dict[str, Any] = orjson.loads(await reader.readexactly(length))
    return reply


async def test_fifty_clients_retry_over_connections_that_are_cut(
    database_url: URL, engine: AsyncEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    environment = {
        **make_environment(tmp_path_factory.mktemp("serve")),
        "DATABASE_URL": url,
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_LOG_LEVEL": "WARNING",
    }
    mutations = keyed_mutations()
    with serve(environment) as (process, address):
        clients = [RetryingClient(address, Random(number)) for number in range(CLIENTS)]  # noqa: S311  repeats the run
        await asyncio.gather(*(client.run(mutations) for client in clients))
        process.send_signal(signal.SIGTERM)
        process.wait(READY_SECONDS)
        assert process.stderr is not None
        assert process.stderr.read() == ""

    for client in clients:
        assert client.answers == clients[0].answers
        assert set(client.refusals) <= {"NOT_FOUND", "CONFLICT"}
    cuts = sum((client.cuts for client in clients), Counter[str]())
    assert len(cuts) == 4
    assert sum(client.replayed[False] for client in clients) <= len(mutations)
    assert {name: (await count_rows(engine))[name] for name in ROWS} == ROWS
    await check_invariants(engine)
    assert await count_deadlocks(engine) == 0
