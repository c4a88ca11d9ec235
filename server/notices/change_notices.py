"""Exchanges notices of what was changed with the other processes, through PostgreSQL.

Nothing depends on a notice: every follower is woken every few seconds whatever was heard, and reads
what there is. So a lost one, as of a process that was killed between a commit and its notice,
delays and never loses.
"""

from asyncio import create_task, sleep, wait
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from secrets import token_urlsafe

import structlog
from sqlalchemy.engine import URL

from resolvers.changes import Changes
from server.database import open_connection, read_url
from server.metrics import Metrics
from server.notices.listener import FIX, NoticeListener
from server.notices.sender import NoticeSender
from server.settings import Settings

_POLL_SECONDS = 2.0
"""How long a change may go unnoticed whose notice was lost. It is rare, and costs each process one
read for all its followers."""
_DEAF_POLL_SECONDS = 0.5
"""The same where no notices are heard, so that every change of another process waits for it."""
_PROCESS_BYTES = 12

_log = structlog.get_logger()


def read_listen_url(given: str) -> URL:
    """Read the setting. Raises `OperatorError` if it is no URL."""
    return read_url(given, "SESSIONGRAPH_LISTEN_URL")


class ChangeNotices:
    """The notices of one process: `changes` is what it has changed, and who follows what."""

    def __init__(self, settings: Settings, url: URL) -> None:
        self.changes = Changes()
        process = token_urlsafe(_PROCESS_BYTES)
        connect = partial(open_connection, settings, url)
        self._sender = NoticeSender(self.changes, process, connect)
        if settings.listen_url is not None:
            connect = partial(open_connection, settings, read_listen_url(settings.listen_url))
        self._listener: NoticeListener | None = None
        if settings.listen_url is not None or not settings.transaction_pooling:
            self._listener = NoticeListener(self.changes, process, connect, self._sender.beat)

    @property
    def is_heard(self) -> bool:
        """Whether notices of other processes are known to arrive."""
        return self._listener is not None and self._listener.is_working

    def add_metrics(self, metrics: Metrics) -> None:
        """Add what is told of notices to an application's metrics."""
        metrics.counter(
            "sessiongraph_notices_sent",
            "Notices of changes sent to other processes.",
            lambda: self._sender.sent,
        )
        metrics.counter(
            "sessiongraph_notices_received",
            "Notices of changes received from other processes.",
            lambda: self._listener.received if self._listener is not None else 0,
        )
        metrics.gauge(
            "sessiongraph_notices_heard",
            "Server processes in which notices of changes are known to arrive.",
            lambda: self.is_heard,
        )

    @asynccontextmanager
    async def exchanged(self) -> AsyncIterator[None]:
        """Exchange them while the block runs, and send what is left when it ends."""
        running = [create_task(self._sender.run()), create_task(self._heal())]
        if self._listener is None:
            _log.warning("notices of changes not heard", reason="Behind a pooler", fix=FIX)
        else:
            running.append(create_task(self._listener.run()))
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await wait(running)
            await self._sender.stop()

    async def _heal(self) -> None:
        """Wake everyone from time to time, and see whether notices are heard."""
        while True:
            self.changes.wake_all()
            self._sender.beat()
            before = self._sender.sendings
            await sleep(_POLL_SECONDS if self.is_heard else _DEAF_POLL_SECONDS)
            if self._listener is not None:
                self._listener.check(has_sent=self._sender.sendings > before)
