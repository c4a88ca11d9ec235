"""GraphQL over Server-Sent Events, "distinct connections mode": one operation for each request.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
https://html.spec.whatwg.org/multipage/server-sent-events.html

A stream that the server ends before the operation has ended has no `complete`: clients ask again.
"""

from asyncio import FIRST_COMPLETED, Lock, Task, create_task, get_running_loop, wait
from contextlib import aclosing
from typing import Any

import structlog
from starlette.types import Receive, Send

from server.backend import Backend
from server.caller import Caller
from server.http.media_types import EVENT_STREAM
from server.http.request_record import RequestRecord
from server.http.responses import PIECE_BYTES, send_piece
from server.open_streams import OpenStreams
from server.operations.answer import Outcome, write_answer
from server.operations.operation_runner import ReadyOperation
from server.operations.operation_stream import stream_outcomes
from server.time_limit import TimeIsUp, TimeLimit

_HEADERS = [
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"vary", b"accept"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until there are many
]
_COMMENT = b":\n\n"
_HANG_UP_SECONDS = 5.0

_log = structlog.get_logger()


class EventStreams:
    """Answers prepared operations as streams of events."""

    def __init__(self, backend: Backend, streams: OpenStreams) -> None:
        self._backend = backend
        self._send_limit = TimeLimit(backend.settings.send_timeout_seconds)
        self._streams = streams

    async def serve(
        self,
        receive: Receive,
        send: Send,
        ready: ReadyOperation | Outcome,
        caller: Caller,
        record: RequestRecord,
    ) -> None:
        """Send an operation's outcomes, or the one that it has already.

        Raises `Unavailable` or `RateLimited` before anything is sent.
        """
        stream = _EventStream(
            self._backend, self._send_limit, send, ready, caller=caller, record=record
        )
        with self._streams.open(stream.stop) as counted:
            counted.belongs_to(caller)
            await stream.run(receive)


class _EventStream:
    def __init__(
        self,
        backend: Backend,
        send_limit: TimeLimit,
        send: Send,
        ready: ReadyOperation | Outcome,
        *,
        caller: Caller,
        record: RequestRecord,
    ) -> None:
        self._backend = backend
        self._send_limit = send_limit
        self._send_message = send
        self._ready = ready
        self._caller = caller
        self._record = record
        self._is_gone = False
        self._is_too_slow = False
        self._turn = Lock()
        self._last_sent = 0.0
        self._producing: Task[None]

    def stop(self) -> None:
        """End a subscription, since the server stops; queries and mutations end by themselves."""
        if self._record.operation.kind == "subscription":
            self._producing.cancel()

    async def run(self, receive: Receive) -> None:
        """Send the stream until the operation ends, or the client goes."""
        self._producing = create_task(self._produce())
        leaving = create_task(wait_until_gone(receive))
        try:
            while not self._producing.done():
                both = {self._producing, leaving}
                await wait(both, timeout=self._tick(), return_when=FIRST_COMPLETED)
                if leaving.done():
                    self._leave()
                    await wait({self._producing})
                elif not self._producing.done():
                    await self._look_after()
            if not self._producing.cancelled():
                self._producing.result()  # which raises what nobody expected
            if not self._is_gone and not self._is_too_slow:
                await self._send(b"", more=False)
        except TimeIsUp:
            self._is_too_slow = True
        finally:
            if self._is_too_slow:
                # `close_late` hangs up; an answer that is left in the middle is a fault to uvicorn
                await wait({leaving}, timeout=_HANG_UP_SECONDS)
            leaving.cancel()
            self._leave()

    def _leave(self) -> None:
        """Send no more. A mutation runs to its end."""
        self._is_gone = True
        if self._record.operation.kind != "mutation":
            self._producing.cancel()

    def _tick(self) -> float:
        return min(self._backend.check_seconds, self._backend.settings.keepalive_seconds)

    async def _look_after(self) -> None:
        if not await self._backend.may_stay(self._caller):
            self.stop()
        elif (
            get_running_loop().time() - self._last_sent >= self._backend.settings.keepalive_seconds
            and not self._turn.locked()
        ):
            await self._send(_COMMENT)

    async def _produce(self) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": _HEADERS}
        try:
            await self._send_message(start)
            await self._send(_COMMENT)  # so that proxies pass the head on
            await self._send_outcomes()
            await self._send(b"event: complete\ndata: \n\n")
        except TimeIsUp:
            self._is_too_slow = True

    async def _send_outcomes(self) -> None:
        ready = self._ready
        if isinstance(ready, Outcome):
            await self._send_next(ready)
            return

        def make_context() -> Any:
            return self._backend.context_for(self._caller)

        async with aclosing(stream_outcomes(self._backend.runner, ready, make_context)) as outcomes:
            async for outcome in outcomes:
                await self._send_next(outcome)

    async def _send_next(self, outcome: Outcome) -> None:
        record, settings = self._record, self._backend.settings
        try:
            answer = write_answer(outcome, record.request_id, record.operation, settings)
        except TypeError as error:
            failed = Outcome([error], executed=True)
            answer = write_answer(failed, record.request_id, record.operation, settings)
        # JSON that is passed on as it was stored may have several lines
        await self._send(b"event: next\ndata: " + b"\ndata: ".join(answer.splitlines()) + b"\n\n")

    async def _send(self, text: bytes, *, more: bool = True) -> None:
        """Send in pieces, as large answers are. Raises `TimeIsUp` where they are not read."""
        if self._is_gone:
            return
        async with self._turn:
            for start in range(0, len(text) or 1, PIECE_BYTES):
                piece = text[start : start + PIECE_BYTES]
                try:
                    await self._send_limit.run(send_piece(self._send_message, piece, more))
                except TimeIsUp:
                    _log.warning("client too slow", unsent_bytes=len(text) - start)
                    raise
            self._last_sent = get_running_loop().time()


async def wait_until_gone(receive: Receive) -> None:
    """Wait until the client is gone, or its answer was sent."""
    while (await receive())["type"] != "http.disconnect":
        pass
