"""One operation of a WebSocket's client, under way: its outcomes as messages, until it ends."""

from asyncio import Semaphore, Task, create_task, sleep
from collections.abc import Callable
from contextlib import aclosing, suppress
from contextvars import copy_context
from time import perf_counter
from typing import Any

from uuid_utils import uuid4

from server.backend import Backend
from server.caller import Caller
from server.operations.answer import Outcome, dump, list_errors, write_answer
from server.operations.errors import RateLimited
from server.operations.graphql_request import GraphQLRequest
from server.operations.operation_runner import ReadyOperation
from server.operations.operation_stream import attempt, stream_outcomes
from server.operations.shares import REFUSAL_PAUSE_SECONDS
from server.structured_logs import request_id
from server.websocket.messages import write_message
from server.websocket.socket import Socket, SocketGone


class Operation:
    """An operation that a `subscribe` asked for. It runs at once."""

    def __init__(
        self,
        message_id: str,
        request: GraphQLRequest,
        caller: Caller,
        *,
        backend: Backend,
        socket: Socket,
        executing: Semaphore,
        before_last_message: Callable[[], None],
    ) -> None:
        """Begin. `executing` bounds the outcomes that a connection works out and sends at once."""
        self._message_id = message_id
        self._request = request
        self._caller = caller
        self._backend = backend
        self._socket = socket
        self._executing = executing
        self._before_last_message = before_last_message
        self._request_id = uuid4().hex
        self._started = perf_counter()
        self._answers = 0
        self._is_sending = False
        self._is_unwanted = False
        self._is_ending = False
        context = copy_context()
        context.run(request_id.set, self._request_id)
        self._record = context.run(backend.log.begin)
        self._record.caller = caller.name
        self.task: Task[None] = create_task(self._run(), context=context)
        self.task.add_done_callback(self._log, context=context)

    @property
    def is_subscription(self) -> bool:
        """Whether it goes on until it is stopped."""
        return self._record.kind == "subscription"

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped and ends at once, as a mutation does not."""
        return self._is_unwanted and self._record.kind != "mutation"

    def stop(self) -> None:
        """Send no more of it. A mutation that has begun runs to its end, as over HTTP."""
        self._is_unwanted = True
        # a message that was sent in part has to be sent whole, or the next one is none
        if self._record.kind != "mutation" and not self._is_sending:
            self.task.cancel()

    def end_for_restart(self) -> None:
        """End a subscription, or begin none; a query or mutation runs to its end."""
        self._is_ending = True
        if self.is_subscription:
            self.stop()

    async def _run(self) -> None:
        with suppress(SocketGone):
            try:
                await self._answer()
            except SocketGone:
                raise
            except Exception as error:  # noqa: BLE001  one operation does not end the others
                await self._deliver(Outcome([error]))

    async def _answer(self) -> None:
        runner = self._backend.runner
        try:
            with runner.shares.request(runner.shares.of(self._caller)) as counted:
                counted.add_bytes(self._request.size)
                preparing = runner.prepare(self._request, self._caller, self._record)
                ready = await attempt(runner.within_time(preparing))
                if isinstance(ready, Outcome):
                    await self._deliver(ready)
                    return
                if not self.is_subscription:
                    await self._deliver_all(ready)
                    return
        except RateLimited as error:
            await sleep(REFUSAL_PAUSE_SECONDS)
            await self._deliver(Outcome([error]))
            return
        if self._is_ending:
            return
        # a subscription that has begun is counted with its connection alone
        await self._deliver_all(ready)

    async def _deliver_all(self, ready: ReadyOperation) -> None:
        def make_context() -> Any:
            return self._backend.context_for(self._caller)

        stream = stream_outcomes(self._backend.runner, ready, make_context, self._executing)
        async with aclosing(stream) as outcomes:
            async for outcome in outcomes:
                await self._deliver(outcome)
                if self._is_unwanted or not outcome.executed:
                    return
        await self._send_last(lambda: write_message("complete", self._message_id))

    async def _deliver(self, outcome: Outcome) -> None:
        """Send what became of it; one that was not executed ends it with an `error`."""

        def write_next() -> bytes:
            answer = write_answer(outcome, self._request_id, self._record, settings)
            return write_message("next", self._message_id, answer)

        def write_error() -> bytes:
            errors = list_errors(outcome.errors, self._request_id, self._record, settings)
            return write_message("error", self._message_id, dump(errors))

        settings = self._backend.settings
        if outcome.executed:
            await self._send(write_next)
            self._answers += 1
        else:
            await self._send_last(write_error)

    async def _send_last(self, write: Callable[[], bytes]) -> None:
        # who reads it may use the id again at once
        self._before_last_message()
        await self._send(write)

    async def _send(self, write: Callable[[], bytes]) -> None:
        """Write a message when its turn has come, so that those that wait are not held twice."""
        async with self._socket.turn:
            if self._is_unwanted:
                return
            self._is_sending = True
            try:
                message = write()
                self._record.sent_bytes += len(message)
                await self._socket.send_in_turn(message)
            finally:
                self._is_sending = False

    def _log(self, _task: Task[None]) -> None:
        """Write the operation's line: every operation of a WebSocket ends here."""
        self._backend.log.end(
            self._record,
            transport="websocket",
            answers=self._answers,
            bytes=self._record.sent_bytes,
            milliseconds=round((perf_counter() - self._started) * 1000, 2),
        )
