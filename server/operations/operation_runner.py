"""From a GraphQL request to its outcome, whatever brought it."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, replace
from functools import partial
from inspect import isawaitable
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

from graphql import (
    ExecutionResult,
    Executor,
    GraphQLSchema,
    OperationType,
    create_source_event_stream,
    execute,
)
from strawberry import Schema

from execution.planned import run_plan
from execution.waiting import wait_for_all
from resolvers.errors import Forbidden, NotFound
from server.caller import Caller
from server.operations.access import check_scopes
from server.operations.answer import Outcome
from server.operations.document_cache import DocumentCache, PreparedDocument, PreparedOperation
from server.operations.document_limits import check_cost
from server.operations.errors import Limited, PersistedQueryNotFound
from server.operations.graphql_request import DocumentReference, GraphQLRequest
from server.operations.operation_record import OperationRecord
from server.operations.shared_events import SharedEvents, viewer_of
from server.operations.shares import Share, Shares, Turn
from server.operations.variable_limits import check_variables
from server.operations.waits import UntilGone, Waits
from server.persisted_documents import hash_document
from server.settings import Settings
from server.time_limit import TimeIsUp, TimeLimit

T = TypeVar("T")

FindDocument = Callable[[bytes], Awaitable[str | None]]
"""Finds a persisted document by its SHA-256."""

SourceEvents: TypeAlias = AsyncIterator[Any]
"""What a subscription's field yields, before the operation is executed on each."""

_WEIGHT_OF_A_NEW_DOCUMENT = 1_000
"""It is prepared, and its statement written, which takes as long as a large answer."""
_BYTES_OF_AN_OBJECT = 100
"""What is sent to be recorded takes as long as what is read."""


@dataclass(frozen=True, slots=True)
class ReadyOperation:
    """An operation that was checked and may run."""

    operation: PreparedOperation
    request: GraphQLRequest
    caller: Caller
    cost: int
    """Objects that it could return at most."""
    weight: int
    """What it takes of its caller's share while it runs."""
    record: OperationRecord
    viewer: Hashable = None
    """Of a subscription: whom events are shown alike (`shared_events.py`)."""


class OperationRunner:
    """Runs the operations of a schema. The prepared documents are shared by all transports."""

    def __init__(self, schema: Schema, find_document: FindDocument, settings: Settings) -> None:
        # Strawberry has no public way to the schema that graphql-core executes
        self._schema: GraphQLSchema = schema._schema  # noqa: SLF001
        self._executor = schema.execution_context_class
        self._find_document = find_document
        self._settings = settings
        self.shares = Shares(settings)
        self._events = SharedEvents()
        self.waits = Waits(settings)
        self.subscriptions = 0
        """How many are under way."""
        self.documents = DocumentCache(self._schema, settings)
        self._time_limit = TimeLimit(settings.request_timeout_seconds)

    async def within_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Do a request's work within the time that one may take. Raises `Limited`."""
        try:
            return await self._time_limit.run(work)
        except TimeIsUp as error:
            raise Limited(
                f"The request took longer than {self._time_limit.seconds:g} seconds and was "
                "stopped. What a mutation had not finished is undone; ask for less at once, or "
                "send it again with the same `idempotencyKey`."
            ) from error

    async def prepare(
        self, request: GraphQLRequest, caller: Caller, record: OperationRecord
    ) -> ReadyOperation:
        """Find and check the operation that a request names.

        Raises `DomainError`, `InvalidDocument`, graphql-core's GraphQLSyntaxError, or what the
        database raised where a persisted document was looked for.
        """
        record.started = perf_counter()
        record.document = text = await self._text(request.document)
        document = self.documents.kept(text)
        is_new = document is None
        if document is None:
            document = await self._prepare(text, caller)
        operation = document.operation(request.operation_name)
        node = operation.node
        record.name = node.name.value[:100] if node.name else None
        record.kind = node.operation.value
        check_scopes(operation.measure, caller)
        variables, settings = request.variables, self._settings
        check_variables(self._schema, node, variables=variables, settings=settings)
        record.cost = check_cost(self._schema, operation, variables=variables, settings=settings)
        weight = max(
            record.cost,
            request.size // _BYTES_OF_AN_OBJECT,
            _WEIGHT_OF_A_NEW_DOCUMENT if is_new else 0,
        )
        viewer = None
        if node.operation is OperationType.SUBSCRIPTION:
            viewer = viewer_of(operation, caller, variables)
        return ReadyOperation(operation, request, caller, record.cost, weight, record, viewer)

    async def wait(
        self, ready: ReadyOperation, context: Any, until_gone: UntilGone | None = None
    ) -> None:
        """Wait for what a query waits for before it runs, which is nothing for most.

        Raises `RateLimited`, and what the database raises.
        """
        operation = ready.operation
        if operation.waiting is None:
            return
        began = perf_counter()
        variables = ready.request.variables
        waited_for = operation.waiting, self._schema, context, variables
        await self.waits.wait(ready.caller, wait_for_all(*waited_for), until_gone)
        ready.record.waited_to_begin = perf_counter() - began

    async def run(self, ready: ReadyOperation, context: Any, event: Any = None) -> Outcome:
        """Run a query, a mutation, or a subscription on one event, in its caller's turn.

        Raises `RateLimited`.
        """
        share = self.shares.of(ready.caller)
        if share.cost is not None:
            share.cost.spend(1 + ready.cost)
        if event is None:
            outcome = await self._in_turn(share, ready.weight, ready, context, event)
        else:
            executing = partial(self._in_turn, share, ready.cost, ready, context, event)
            outcome = await self._events.show(
                ready.viewer, event, lambda: self.within_time(executing())
            )
        return (
            replace(outcome, extensions={"cost": self._told_cost(ready, share)})
            if ready.request.wants_cost
            else outcome
        )

    async def _in_turn(
        self, share: Share, weight: int, ready: ReadyOperation, context: Any, event: Any
    ) -> Outcome:
        async with Turn(self.shares, share, weight):
            return await self._execute(ready, context, event)

    async def subscribe(self, ready: ReadyOperation, context: Any) -> SourceEvents | Outcome:
        """Begin a subscription: give its events, or the errors that it did not begin for.

        Raises `RateLimited`. The operation is then to be run on each event, with a context anew.
        """
        share = self.shares.of(ready.caller)
        if share.cost is not None:
            share.cost.spend(1)
        executor = (self._executor or Executor).build(
            self._schema,
            ready.operation.document,
            None,
            context,
            ready.request.variables,
            ready.request.operation_name,
            max_coercion_errors=self._settings.max_errors - 1,
            hide_suggestions=not self._settings.answers_introspection,
        )
        if isinstance(executor, list):
            return Outcome(executor)
        started = create_source_event_stream(executor)
        if isawaitable(started):
            started = await started
        if isinstance(started, ExecutionResult):
            return Outcome(started.errors or ())
        return aiter(started)

    async def _prepare(self, text: str, caller: Caller) -> PreparedDocument:
        share = self.shares.of(caller)
        if share.new_documents is not None:
            share.new_documents.spend(min(len(text), self._settings.max_document_characters))
        async with Turn(self.shares, share, _WEIGHT_OF_A_NEW_DOCUMENT):
            # of a long one it takes a tenth of a second, in which others go on
            prepared = await to_thread(self.documents.prepare, text)
        self.documents.keep(text, prepared)
        return prepared

    async def _execute(self, ready: ReadyOperation, context: Any, event: Any) -> Outcome:
        operation, variables = ready.operation, ready.request.variables
        result: Any = None
        if operation.plan is not None:
            planned = operation.plan, self._schema, context, variables
            result = await run_plan(*planned, event=event)
        if result is None:
            result = execute(
                self._schema,
                operation.document,
                event,
                context_value=context,
                variable_values=variables,
                operation_name=ready.request.operation_name,
                max_coercion_errors=self._settings.max_errors - 1,
                executor_class=self._executor,
                hide_suggestions=not self._settings.answers_introspection,
            )
            if isawaitable(result):
                result = await result
        errors = result.errors or ()
        # errors of a request that was not executed, such as its variables', have no path
        executed = result.data is not None or any(error.path for error in errors)
        return Outcome(errors, executed, result.data)

    def _told_cost(self, ready: ReadyOperation, share: Share) -> dict[str, Any]:
        budget = share.cost
        return {
            "requested": ready.cost,
            "allowed": self._settings.max_cost,
            "available": None if budget is None else max(0, int(budget.available)),
            "allowedPerMinute": None if budget is None else budget.per_minute,
        }

    async def _text(self, given: str | DocumentReference) -> str:
        """Give the text of the document to run, which is a stored one if it must be."""
        if isinstance(given, str):
            trusted_only = self._settings.trusted_documents_only
            if trusted_only and not await self._find_document(hash_document(given)):
                raise Forbidden(
                    "This server runs persisted documents only. Store this one with `sessiongraph "
                    "persist FILE`, then send its id as `documentId`."
                )
            return given
        stored = await self._find_document(given.hash)
        if stored is not None:
            return stored
        if given.is_persisted_query:
            raise PersistedQueryNotFound
        raise NotFound(
            "There is no persisted document of this id. Store it with `sessiongraph persist FILE`.",
            field="documentId",
        )
