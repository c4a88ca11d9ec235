"""Hears what other processes have changed, over one connection (LISTEN).

It hears the notices of its own process too, which tell that notices arrive at all: not so behind a
pooler in transaction mode, nor on a connection whose other end is gone without a word.
"""

from asyncio import Event, sleep, timeout
from collections.abc import Callable

import structlog

from resolvers.changes import Changes
from server.database import reason
from server.notices.payloads import CHANNEL, read_topics, sender_of
from server.notices.sender import Connect

_SILENT_CHECKS = 2
"""After how many in a row a connection is given up: one may pass while this process itself stands
still, as over a large answer."""
_SHORTEST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
"""Between one connection and the next."""
_TIMEOUT_SECONDS = 5.0
FIX = "Set SESSIONGRAPH_LISTEN_URL to a connection past the pooler, to the same database."

_log = structlog.get_logger()


class NoticeListener:
    """Listens for the notices of all processes, and wakes the followers in this one."""

    def __init__(
        self, changes: Changes, process: str, connect: Connect, beat: Callable[[], None]
    ) -> None:
        self.is_working = False
        """Whether notices are known to arrive."""
        self.received = 0
        """Notices of other processes, without heartbeats."""
        self._changes = changes
        self._process = process
        self._connect = connect
        self._beat = beat
        self._ended = Event()
        self._has_heard = False
        self._silent_checks = 0
        self._pause = _SHORTEST_PAUSE_SECONDS
        self._told: set[str] = set()
        """Why notices are not heard, as far as the log has it."""

    async def run(self) -> None:
        """Listen until cancelled, over another connection where one ends."""
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  whatever it is, the next one may do
                self._tell(reason(error))
            await sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def check(self, *, has_sent: bool) -> None:
        """Give a connection up on which nothing is heard, though something was sent.

        To be called again and again, with whether this process has sent since the last time.
        """
        is_silent = has_sent and not self._has_heard
        self._silent_checks = self._silent_checks + 1 if is_silent else 0
        self._has_heard = False
        if self._silent_checks >= _SILENT_CHECKS:
            self._silent_checks = 0
            self._ended.set()

    async def _listen(self) -> None:
        """Listen until the connection ends or is given up."""
        self.is_working = False
        async with timeout(_TIMEOUT_SECONDS):
            connection = await self._connect()
        ended = self._ended = Event()
        self._silent_checks = 0
        try:
            connection.add_termination_listener(lambda _connection: ended.set())
            async with timeout(_TIMEOUT_SECONDS):
                await connection.add_listener(CHANNEL, self._hear)
            self._changes.wake_all()  # notices may have been lost meanwhile
            self._beat()
            await ended.wait()
            if connection.is_closed():
                self._tell("The connection ended")
            else:
                self._tell("The connection is silent", fix=FIX)
        finally:
            self.is_working = False
            connection.terminate()

    def _hear(self, _connection: object, _sender: int, _channel: str, payload: object) -> None:
        notice = str(payload)
        if sender_of(notice) == self._process:
            self._hear_own()
            return
        self.received += " " in notice
        if self._changes.is_followed:
            try:
                self._changes.wake(read_topics(notice))
            except ValueError:  # from whoever else uses the channel
                self._changes.wake_all()

    def _hear_own(self) -> None:
        self._has_heard = True
        self._pause = _SHORTEST_PAUSE_SECONDS
        if not self.is_working:
            self.is_working = True
            if self._told:
                _log.warning("notices of changes heard again")
            self._told.clear()

    def _tell(self, why: str, **more: str) -> None:
        if why not in self._told:
            _log.warning("notices of changes not heard", reason=why, **more)
        self._told.add(why)
