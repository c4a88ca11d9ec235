"""From a GraphQL request to its outcome, whatever brought it."""

from collections.abc import Awaitable, Callable, Coroutine
from inspect import isawaitable
from typing import Any

from graphql import GraphQLSchema, execute
from strawberry import Schema

from execution.planned import run_plan
from resolvers.errors import Forbidden, NotFound
from server.operations.answer import Outcome
from server.operations.document_cache import DocumentCache, PreparedOperation
from server.operations.document_limits import check_cost
from server.operations.errors import Limited, PersistedQueryNotFound
from server.operations.graphql_request import DocumentReference, GraphQLRequest
from server.operations.operation_record import OperationRecord
from server.persisted_documents import hash_document
from server.settings import Settings
from server.time_limit import TimeIsUp, TimeLimit

FindDocument = Callable[[bytes], Awaitable[str | None]]
"""Finds a persisted document by its SHA-256."""


class OperationRunner:
    """Runs the operations of a schema. The prepared documents are shared by all transports."""

    def __init__(self, schema: Schema, find_document: FindDocument, settings: Settings) -> None:
        # Strawberry has no public way to the schema that graphql-core executes
        self._schema: GraphQLSchema = schema._schema  # noqa: SLF001
        self._executor = schema.execution_context_class
        self._find_document = find_document
        self._settings = settings
        self._documents = DocumentCache(self._schema, settings)
        self._time_limit = TimeLimit(settings.request_timeout_seconds)

    async def within_time(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Do a request's whole work within the time that one may take."""
        try:
            return await self._time_limit.run(work)
        except TimeIsUp:
            message = (
                f"The request took longer than {self._time_limit.seconds:g} seconds and was "
                "stopped. What a mutation had not finished is undone; ask for less at once, or "
                "send it again with the same `idempotencyKey`."
            )
            return Outcome([Limited(message)])

    async def prepare(self, request: GraphQLRequest, record: OperationRecord) -> PreparedOperation:
        """Find and check the operation that a request names.

        Raises `DomainError`, `InvalidDocument`, graphql-core's GraphQLSyntaxError, or what the
        database raised where a persisted document was looked for.
        """
        prepared = self._documents.prepare(await self._text(request.document))
        operation = prepared.operation(request.operation_name)
        node = operation.node
        record.name = node.name.value[:100] if node.name else None
        record.kind = node.operation.value
        record.cost = check_cost(
            self._schema, operation, variables=request.variables, settings=self._settings
        )
        return operation

    async def run(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Any
    ) -> Outcome:
        """Run a query or a mutation."""
        result: Any = None
        if operation.plan is not None:
            planned = operation.plan, self._schema, operation.node, context, request.variables
            result = await run_plan(*planned)
        if result is None:
            result = execute(
                self._schema,
                operation.document,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation_name,
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
