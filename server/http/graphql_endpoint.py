"""/graphql: from a request's bytes to the answer's (https://http-spec.graphql.org).

A response that has `data` is a 200, whatever errors stand beside it. Without data,
`application/graphql-response+json` tells by its status what is wrong; `application/json` does so
only where no GraphQL was read, since its clients trust nothing but a 200.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationType, execute
from starlette.types import Receive, Scope, Send
from strawberry import Schema

from execution.planned import run_plan
from resolvers.errors import DomainError, Forbidden, Invalid, NotFound, Unauthenticated
from server.http.document_cache import DocumentCache, InvalidDocument
from server.http.document_limits import check_cost
from server.http.graphiql import send_graphiql
from server.http.graphql_errors import format_errors, read_error
from server.http.http_guard import HTTPGuard
from server.http.json_body import DocumentReference, GraphQLRequest, read_body, read_query_string
from server.http.media_types import GRAPHQL_RESPONSE, HTML, JSON, negotiate
from server.http.refusals import STATUS_OF_CODE, Limited, PersistedQueryNotFound, Refusal
from server.http.request_record import Headers, RequestRecord, record_of
from server.http.responses import dump, send_bytes, send_refusal
from server.http.time_limit import TimeIsUp, TimeLimit
from server.persisted_documents import hash_document
from server.settings import Settings

ContextFor = Callable[[str | None], Awaitable[Any]]
"""Makes a context by the Authorization header. Raises `DomainError` to refuse the request."""

FindDocument = Callable[[bytes], Awaitable[str | None]]
"""Finds a persisted document by its SHA-256."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a GraphQL request; one that was not executed has errors and no data."""

    errors: Sequence[Exception]
    executed: bool = False
    data: dict[str, Any] | None = None


class GraphQLEndpoint:
    """Serves a schema (ASGI), inside a `RequestRecorder`."""

    def __init__(
        self,
        schema: Schema,
        context_for: ContextFor,
        find_document: FindDocument,
        settings: Settings,
    ) -> None:
        # Strawberry has no public way to the schema that graphql-core executes
        self._schema: GraphQLSchema = schema._schema  # noqa: SLF001
        self._executor = schema.execution_context_class
        self._context_for = context_for
        self._find_document = find_document
        self._settings = settings
        self._introspection = settings.answers_introspection
        self._documents = DocumentCache(self._schema, settings)
        self._guard = HTTPGuard(settings)
        self._time_limit = TimeLimit(settings.request_timeout_seconds)
        self._send_limit = TimeLimit(settings.send_timeout_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        record = record_of(scope)
        try:
            body = await self._guard.read_body(scope, receive, record.headers)
            if body is None:
                return
            media_type = self._media_type(scope["method"], record.headers)
            if media_type == HTML:
                await send_graphiql(send)
                return
            # nothing here holds what the answer was written of, since sending may take its time
            status, answer = self._render(
                await self._outcome(scope, body, record), media_type, record
            )
        except Refusal as refusal:
            await send_refusal(scope, send, refusal)
        else:
            await send_bytes(
                send, status, media_type, answer, {"vary": "accept"}, time_limit=self._send_limit
            )

    def _media_type(self, method: str, headers: Headers) -> str:
        has_page = method == "GET" and self._settings.serves_graphiql
        media_type = negotiate(headers.get(b"accept"), html=has_page)
        if media_type is None:
            raise Refusal(406, Invalid(f"Accept `{GRAPHQL_RESPONSE}` or `{JSON}`."))
        return media_type

    async def _outcome(self, scope: Scope, body: bytes, record: RequestRecord) -> Outcome:
        # nothing here listens for a client that goes away: a mutation runs to its end
        try:
            return await self._time_limit.run(self._run(scope, body, record))
        except TimeIsUp:
            message = (
                f"The request took longer than {self._time_limit.seconds:g} seconds and was "
                "stopped. What a mutation had not finished is undone; ask for less at once, or "
                "send it again with the same `idempotencyKey`."
            )
            return Outcome([Limited(message)])

    async def _run(self, scope: Scope, body: bytes, record: RequestRecord) -> Outcome:
        sent = record.headers.get(b"authorization")
        try:
            context = await self._context_for(None if sent is None else sent.decode("latin-1"))
        except Exception as error:
            raise _refusal(read_error(error)) from error
        return await self._execute(_read(scope, body), context, scope["method"], record)

    async def _text(self, given: str | DocumentReference) -> str:
        """Give the text of the document to run, which is a stored one if it must be."""
        if isinstance(given, str):
            if self._settings.trusted_documents_only and not await self._find(hash_document(given)):
                raise Forbidden(
                    "This server runs persisted documents only. Store this one with `sessiongraph "
                    "persist FILE`, then send its id as `documentId`."
                )
            return given
        stored = await self._find(given.hash)
        if stored is not None:
            return stored
        if given.is_persisted_query:
            raise PersistedQueryNotFound
        raise NotFound(
            "There is no persisted document of this id. Store it with `sessiongraph persist FILE`.",
            field="documentId",
        )

    async def _find(self, document_hash: bytes) -> str | None:
        try:
            return await self._find_document(document_hash)
        except Exception as error:
            raise _refusal(read_error(error)) from error

    async def _execute(
        self, request: GraphQLRequest, context: Any, method: str, record: RequestRecord
    ) -> Outcome:
        settings = self._settings
        try:
            text = await self._text(request.document)
            prepared = self._documents.prepare(text)
            operation = prepared.operation(request.operation_name)
            node = operation.node
            record.operation = node.name.value[:100] if node.name else None
            _check_kind(node.operation, method)
            check_cost(
                self._schema,
                prepared.document,
                node,
                operation.measure,
                variables=request.variables,
                settings=settings,
                known_costs=operation.known_costs,
            )
        except InvalidDocument as invalid:
            return Outcome(invalid.errors)
        except (DomainError, GraphQLError) as error:
            return Outcome([error])
        result: Any = None
        if operation.plan is not None:
            planned = operation.plan, self._schema, node, context, request.variables
            result = await run_plan(*planned)
        if result is None:
            result = execute(
                self._schema,
                prepared.document,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation_name,
                max_coercion_errors=settings.max_errors - 1,
                executor_class=self._executor,
                hide_suggestions=not self._introspection,
            )
        if isawaitable(result):
            result = await result
        errors = result.errors or ()
        # errors of a request that was not executed, such as its variables', have no path
        executed = result.data is not None or any(error.path for error in errors)
        return Outcome(errors, executed, result.data)

    def _render(
        self, outcome: Outcome, media_type: str, record: RequestRecord
    ) -> tuple[int, bytes]:
        answer: dict[str, Any] = {}
        status = 200
        if outcome.errors:
            answer["errors"] = errors = format_errors(
                outcome.errors,
                record.request_id,
                max_errors=self._settings.max_errors,
                suggest=self._introspection,
            )
            record.errors = len(outcome.errors)
            if not outcome.executed and media_type == GRAPHQL_RESPONSE:
                status = STATUS_OF_CODE[errors[0]["extensions"]["code"]]
        if outcome.executed:
            answer["data"] = outcome.data
        try:
            body = dump(answer)
        except TypeError as error:
            raise _refusal(read_error(error)) from error
        allowed = self._settings.max_response_bytes
        if len(body) > allowed and outcome.data is not None:
            refused = Outcome([_too_large(len(body), allowed)], executed=True)
            return self._render(refused, media_type, record)
        return status, body


def _read(scope: Scope, body: bytes) -> GraphQLRequest:
    try:
        if scope["method"] == "GET":
            return read_query_string(scope["query_string"])
        return read_body(body)
    except Invalid as error:
        raise _refusal(error) from error


def _check_kind(kind: OperationType, method: str) -> None:
    if kind is OperationType.SUBSCRIPTION:
        raise Invalid("Subscriptions are not served over plain HTTP.")
    if kind is not OperationType.QUERY and method == "GET":
        raise Refusal(405, Invalid("Send mutations with POST."), {"allow": "POST"})


def _too_large(size: int, allowed: int) -> Limited:
    return Limited(
        f"The answer has {size:,} bytes; at most {allowed:,} are allowed. Ask for less at once; "
        "what a mutation wrote is written.",
        limit="bytes of the answer",
        value=size,
        allowed=allowed,
    )


def _refusal(error: DomainError) -> Refusal:
    challenge = {"www-authenticate": "Bearer"} if isinstance(error, Unauthenticated) else None
    return Refusal(STATUS_OF_CODE[error.code], error, challenge)
