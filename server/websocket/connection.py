"""One client's connection: from the accepted socket to its end."""

from asyncio import (
    FIRST_COMPLETED,
    Semaphore,
    Task,
    create_task,
    get_running_loop,
    sleep,
    timeout,
    wait,
)
from collections.abc import Coroutine
from functools import partial
from time import perf_counter
from typing import Any

import structlog

from resolvers.errors import DomainError, Invalid, Unauthenticated
from server.backend import Backend
from server.caller import Caller
from server.open_streams import OpenStream
from server.operations.answer import dump
from server.operations.errors import Limited, RateLimited
from server.operations.graphql_errors import format_error, read_error
from server.operations.graphql_request import read_members
from server.operations.shares import REFUSAL_PAUSE_SECONDS
from server.structured_logs import request_id
from server.websocket.messages import (
    CloseCode,
    CloseSocket,
    Message,
    read_authorization,
    read_message,
    write_message,
)
from server.websocket.operation import Operation
from server.websocket.socket import Socket, SocketGone

_MAX_EXECUTING = 10
"""Outcomes of one connection that are worked out or wait to be sent at once: it bounds memory."""

_log = structlog.get_logger()


class Connection:
    """Speaks `graphql-transport-ws` with one client."""

    def __init__(self, backend: Backend, socket: Socket, authorization: str | None) -> None:
        self._backend = backend
        self._socket = socket
        self._executing = Semaphore(_MAX_EXECUTING)
        self._authorization = authorization
        """The handshake's header, which `connection_init` may leave in force."""
        self._caller: Caller | None = None
        self._by_id: dict[str, Operation] = {}
        self._under_way: set[Operation] = set()
        self._operations = 0
        self._is_stopping = False
        self._tasks: set[Task[None]] = set()
        self._last_active = get_running_loop().time()

    async def serve(self, stream: OpenStream) -> None:
        """Talk with the client until the socket is closed and its mutations have ended."""
        started = perf_counter()
        try:
            caller = await self._initialise(stream)
            self._do(self._watch(caller))
            while True:
                await self._handle(read_message(await self._socket.receive()), caller)
        except CloseSocket as closing:
            await self._socket.close(closing.code, closing.reason)
        except SocketGone:
            pass
        finally:
            await self._end()
            self._log(perf_counter() - started)

    def stop(self) -> None:
        """End the connection, since the server stops: its queries and mutations end first."""
        if not self._is_stopping:
            self._is_stopping = True
            self._do(self._end_for_restart())

    async def _initialise(self, stream: OpenStream) -> Caller:
        seconds = self._backend.settings.connection_init_timeout_seconds
        try:
            async with timeout(seconds):
                message = await self._receive_init()
        except TimeoutError:
            raise CloseSocket(
                CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout"
            ) from None
        authorization = read_authorization(message.payload) or self._authorization
        try:
            authenticating = self._backend.authenticate(authorization)
            self._caller = caller = await self._backend.runner.within_time(authenticating)
            stream.belongs_to(caller)
        except Exception as error:
            refused = read_error(error)
            if authorization is not None and isinstance(refused, Unauthenticated | RateLimited):
                await sleep(REFUSAL_PAUSE_SECONDS)
            raise _refusal(refused) from error
        await self._socket.send(write_message("connection_ack"))
        return caller

    async def _receive_init(self) -> Message:
        while True:
            message = read_message(await self._socket.receive())
            if message.type == "connection_init":
                return message
            if message.type == "subscribe":
                raise CloseSocket(CloseCode.UNAUTHORIZED, "Unauthorized")
            await self._answer_ping(message)

    async def _handle(self, message: Message, caller: Caller) -> None:
        self._last_active = get_running_loop().time()
        match message.type:
            case "subscribe":
                await self._subscribe(message, caller)
            case "complete":
                operation = self._by_id.pop(message.id, None)
                if operation is not None:
                    operation.stop()
            case "connection_init":
                code = CloseCode.TOO_MANY_INITIALISATIONS
                raise CloseSocket(code, "Too many initialisation requests")
            case _:
                await self._answer_ping(message)

    async def _answer_ping(self, message: Message) -> None:
        """Answer a `ping` before anything else is read: who does not read is not read from."""
        if message.type == "ping":
            payload = None if message.payload is None else dump(message.payload)
            await self._socket.send(write_message("pong", None, payload))

    async def _subscribe(self, message: Message, caller: Caller) -> None:
        if self._is_stopping:
            return  # the client hears of it in a moment, and asks another process
        if message.id in self._by_id:
            raise CloseSocket(
                CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists"
            )
        try:
            request = read_members(message.payload or {}, message.size)
        except Invalid as error:
            raise CloseSocket(CloseCode.BAD_REQUEST, error.message) from error
        self._operations += 1
        allowed = self._backend.settings.max_operations_per_connection
        if len(self._under_way) >= allowed:
            await self._wait_for_stopped()
        if len(self._under_way) >= allowed:
            await self._refuse(message.id, allowed)
            return
        operation = Operation(
            message.id,
            request,
            caller,
            backend=self._backend,
            socket=self._socket,
            executing=self._executing,
            before_last_message=partial(self._free_id, message.id),
        )
        self._by_id[message.id] = operation
        self._under_way.add(operation)
        operation.task.add_done_callback(partial(self._forget, message.id, operation))

    async def _wait_for_stopped(self) -> None:
        """Wait for an operation to end that the client has completed, which it does in a moment."""
        stopped = [each.task for each in self._under_way if each.is_stopped]
        if stopped:
            await wait(stopped, return_when=FIRST_COMPLETED)

    def _free_id(self, message_id: str) -> None:
        """Let the id of an operation be used again."""
        self._by_id.pop(message_id, None)

    def _forget(self, message_id: str, operation: Operation, _task: Task[None]) -> None:
        if self._by_id.get(message_id) is operation:
            self._free_id(message_id)
        self._under_way.discard(operation)
        self._last_active = get_running_loop().time()

    async def _refuse(self, message_id: str, allowed: int) -> None:
        error = Limited(
            f"This connection has {allowed:,} operations under way, which is all that is allowed. "
            "Complete one first.",
            limit="operations of a connection",
            value=allowed + 1,
            allowed=allowed,
        )
        errors = [format_error(error, request_id.get(""))]
        await self._socket.send(write_message("error", message_id, dump(errors)))

    async def _watch(self, caller: Caller) -> None:
        """Close the socket of a caller that is idle, or that would not be let in any more."""
        idle_seconds = self._backend.settings.idle_timeout_seconds
        while True:
            await sleep(min(self._backend.check_seconds, idle_seconds))
            idle_since = self._last_active
            if not self._under_way and get_running_loop().time() - idle_since > idle_seconds:
                await self._socket.close(CloseCode.GOING_AWAY, "Idle")
                return
            if not await self._backend.may_stay(caller):
                await self._socket.close(CloseCode.FORBIDDEN, "The key is no longer valid")
                return

    async def _end_for_restart(self) -> None:
        for operation in list(self._under_way):
            operation.end_for_restart()
        # of a subscription a message may be on its way, which the closing ends
        await _end({each for each in self._under_way if not each.is_subscription})
        await self._socket.close(CloseCode.SERVICE_RESTART, "The server restarts")

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        for operation in list(self._under_way):
            operation.stop()
        await _end(self._under_way)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _log(self, seconds: float) -> None:
        _log.info(
            "websocket",
            key=self._caller.name if self._caller is not None else None,
            code=self._socket.close_code,
            operations=self._operations,
            seconds=round(seconds, 3),
        )


async def _end(operations: set[Operation]) -> None:
    tasks = [operation.task for operation in operations]
    if tasks:
        await wait(tasks)


def _refusal(error: DomainError) -> CloseSocket:
    match error.code:
        case "UNAUTHENTICATED" | "FORBIDDEN":
            code = CloseCode.FORBIDDEN
        case "INTERNAL":
            code = CloseCode.INTERNAL_ERROR
        case _:
            code = CloseCode.TRY_AGAIN_LATER
    return CloseSocket(code, error.message)
