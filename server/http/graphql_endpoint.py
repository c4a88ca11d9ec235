"""/graphql: from a request's bytes to the answer's (https://http-spec.graphql.org).

A response that has `data` is a 200, whatever errors stand beside it. Without data,
`application/graphql-response+json` tells by its status what is wrong; `application/json` does so
only where no GraphQL was read, since its clients trust nothing but a 200.
"""

from asyncio import sleep
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

from graphql import GraphQLError, OperationType
from starlette.types import Receive, Scope, Send

from resolvers.errors import DomainError, Invalid, Unavailable
from server.backend import Backend
from server.caller import Caller
from server.http.event_stream import EventStreams, wait_until_gone
from server.http.http_caller import find_caller
from server.http.http_guard import HTTPGuard
from server.http.json_body import read_body, read_query_string
from server.http.media_types import EVENT_STREAM, GRAPHQL_RESPONSE, HTML, JSON, negotiate
from server.http.refusals import STATUS_OF_CODE, Refusal, refusal_of
from server.http.request_record import Headers, RequestRecord, record_of
from server.http.responses import send_bytes, send_refusal
from server.http.web_pages import WebPages
from server.operations.answer import Outcome, write_answer
from server.operations.document_cache import InvalidDocument
from server.operations.errors import RateLimited
from server.operations.graphql_errors import read_error
from server.operations.graphql_request import GraphQLRequest
from server.operations.operation_runner import ReadyOperation
from server.operations.shares import REFUSAL_PAUSE_SECONDS
from server.time_limit import TimeLimit

T = TypeVar("T")


class GraphQLEndpoint:
    """Serves operations over HTTP (ASGI), inside a `RequestRecorder`."""

    def __init__(self, backend: Backend, event_streams: EventStreams, pages: WebPages) -> None:
        self._backend = backend
        self._runner = backend.runner
        self._event_streams = event_streams
        self._settings = backend.settings
        self._pages = pages
        self._guard = HTTPGuard(backend.settings)
        self._send_limit = TimeLimit(backend.settings.send_timeout_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        record = record_of(scope)
        try:
            self._guard.check_head(scope, record.headers)
            media_type = self._media_type(scope["method"], record.headers)
            if media_type == HTML:
                await self._pages.send_graphiql(scope, send)
                return
            await self._answer(scope, receive, send, media_type, record)
        except Refusal as refusal:
            await send_refusal(scope, send, refusal)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, media_type: str, record: RequestRecord
    ) -> None:
        caller = await find_caller(self._backend.authenticate, record)
        shares = self._runner.shares
        try:
            with shares.request(shares.of(caller)) as counted:
                body = await self._guard.read_body(scope, receive, counted.add_bytes)
                if body is None:
                    return
                request, method = _read(scope, body), scope["method"]
                if media_type == EVENT_STREAM:
                    ready = await self._outcome(self._prepare(method, request, caller, record))
                    await self._stream(receive, send, ready, caller, record)
                    return
                work = self._run(receive, method, request, caller, record)
                # sending may take its time: nothing here holds what the answer was made of
                del body, request
                status, answer = self._write(await self._outcome(work), media_type, record)
                counted.add_answer(len(answer))
                await send_bytes(
                    send,
                    status,
                    media_type,
                    answer,
                    {"vary": "accept"},
                    time_limit=self._send_limit,
                )
        except RateLimited as error:
            await sleep(REFUSAL_PAUSE_SECONDS)
            raise refusal_of(error) from error

    async def _outcome(self, work: Coroutine[Any, Any, T]) -> T | Outcome:
        """Do a request's work in time; what is wrong with its operation is an outcome."""
        # nothing here listens for a client that goes away: a mutation runs to its end
        try:
            return await self._runner.within_time(work)
        except InvalidDocument as invalid:
            return Outcome(invalid.errors)
        except (RateLimited, Refusal):
            raise
        except (DomainError, GraphQLError) as error:
            return Outcome([error])
        except Exception as error:
            raise refusal_of(read_error(error)) from error

    def _media_type(self, method: str, headers: Headers) -> str:
        has_page = method == "GET" and self._settings.serves_graphiql
        media_type = negotiate(headers.get(b"accept"), html=has_page, event_stream=True)
        if media_type is None:
            raise Refusal(
                406, Invalid(f"Accept `{GRAPHQL_RESPONSE}`, `{JSON}` or `{EVENT_STREAM}`.")
            )
        return media_type

    async def _run(
        self,
        receive: Receive,
        method: str,
        request: GraphQLRequest,
        caller: Caller,
        record: RequestRecord,
    ) -> Outcome:
        ready = await self._prepare(method, request, caller, record)
        if ready.operation.node.operation is OperationType.SUBSCRIPTION:
            raise Invalid(
                f"A subscription needs `accept: {EVENT_STREAM}`, or a WebSocket "
                "(`graphql-transport-ws`)."
            )
        context = self._backend.context_for(caller)
        if ready.operation.waiting is not None:
            await self._runner.wait(ready, context, partial(wait_until_gone, receive))
            await find_caller(
                self._backend.authenticate, record
            )  # whose key may have been revoked meanwhile
        return await self._runner.run(ready, context)

    async def _prepare(
        self, method: str, request: GraphQLRequest, caller: Caller, record: RequestRecord
    ) -> ReadyOperation:
        ready = await self._runner.prepare(request, caller, record.operation)
        if ready.operation.node.operation is OperationType.MUTATION and method == "GET":
            raise Refusal(405, Invalid("Send mutations with POST."), {"allow": "POST"})
        return ready

    async def _stream(
        self,
        receive: Receive,
        send: Send,
        ready: ReadyOperation | Outcome,
        caller: Caller,
        record: RequestRecord,
    ) -> None:
        try:
            await self._event_streams.serve(receive, send, ready, caller, record)
        except Unavailable as error:
            raise refusal_of(error) from error

    def _write(self, outcome: Outcome, media_type: str, record: RequestRecord) -> tuple[int, bytes]:
        try:
            answer = write_answer(outcome, record.request_id, record.operation, self._settings)
        except TypeError as error:
            raise refusal_of(read_error(error)) from error
        tells_by_status = not outcome.executed and media_type == GRAPHQL_RESPONSE
        code = record.operation.code
        return (STATUS_OF_CODE[code] if tells_by_status and code else 200), answer


def _read(scope: Scope, body: bytes) -> GraphQLRequest:
    try:
        if scope["method"] == "GET":
            return read_query_string(scope["query_string"])
        return read_body(body)
    except Invalid as error:
        raise refusal_of(error) from error
