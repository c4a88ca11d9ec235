"""Tells other processes what this one has changed: many mutations by one notice.

Not in the mutations' own transactions: a transaction that notifies holds a lock of the whole
PostgreSQL until its commit is on the disk, so all of them would commit one after the other.
"""

from asyncio import sleep, timeout
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from resolvers.changes import Changes
from server.database import reason
from server.notices.payloads import CHANNEL, write_payloads

_PAUSE_SECONDS = 0.025
"""Between one statement and the next; what is changed meanwhile goes together."""
_PAUSE_AFTER_FAILURE_SECONDS = 1.0
_TIMEOUT_SECONDS = 5.0
_LAST_SECONDS = 1.0
"""A process that stops does not wait longer for a database that is away."""

_NOTIFY = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]

_log = structlog.get_logger()


class NoticeSender:
    """Sends the notices of one process, over a connection of its own.

    One of the pool would have to wait with the requests that wait for one. That of the listener
    would prove nothing: a notice is heard on the connection that sends it even where a pooler or
    another database swallows all others.
    """

    def __init__(self, changes: Changes, process: str, connect: Connect) -> None:
        self.sent = 0
        """Notices that were sent, without heartbeats."""
        self.sendings = 0
        """Times that something was sent, be it a heartbeat."""
        self._changes = changes
        self._process = process
        self._connect = connect
        self._connection: asyncpg.Connection[Any] | None = None
        self._fails = False

    def beat(self) -> None:
        """Send something soon, if there is nothing to tell a heartbeat."""
        self._changes.has_untold.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._changes.has_untold.wait()
            await self._send()
            await sleep(_PAUSE_AFTER_FAILURE_SECONDS if self._fails else _PAUSE_SECONDS)

    async def stop(self) -> None:
        """Send what is left, and let go of the connection."""
        if self._changes.has_untold.is_set() and not self._fails:
            with suppress(TimeoutError):
                async with timeout(_LAST_SECONDS):
                    await self._send()
        self._disconnect()

    async def _send(self) -> None:
        topics = self._changes.take_untold()
        payloads = write_payloads(self._process, topics)
        try:
            async with timeout(_TIMEOUT_SECONDS):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                await self._connection.execute(_NOTIFY, CHANNEL, payloads)
        except BaseException as error:
            self._changes.keep_untold(topics)
            self._disconnect()
            if not isinstance(error, Exception):
                raise
            if not self._fails:
                _log.warning("notices of changes not sent", reason=reason(error))
            self._fails = True
        else:
            if self._fails:
                _log.warning("notices of changes sent again")
            self._fails = False
            self.sendings += 1
            self.sent += len(payloads) if topics else 0

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
