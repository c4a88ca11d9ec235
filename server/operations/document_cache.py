"""Documents that were parsed, measured and validated before, so that it is done once.

Only valid documents are kept, bounded by their number and by their length together; the least
recently used go first.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from graphql import (
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from execution.bounded_cache import BoundedCache
from execution.collect import Unplannable
from execution.planned import Plan, compile_operation
from execution.waiting import Waiting, compile_waiting
from resolvers.errors import Invalid
from server.operations.document_limits import (
    MeasuredOperation,
    measure_operations,
    parse_within_limits,
)
from server.settings import Settings

# Comparing equal fields takes quadratic time: this bounds it to a fifth of a second, and allows a
# thousand fields that fifty fragments repeat. graphql-core reads it at every validation.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 100_000


class InvalidDocument(Exception):
    """A document that does not validate against the schema."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class PreparedOperation(MeasuredOperation):
    """An operation of a valid document."""

    plan: Plan | None = None
    """How to run it, unless graphql-core has to."""
    waiting: Waiting | None = None
    """What it waits for before it runs."""


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A valid document."""

    operations: Sequence[PreparedOperation]

    def operation(self, name: str | None) -> PreparedOperation:
        """Give the operation to run. Raises `Invalid` where the name does not settle it."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            raise Invalid("Name one of the document's operations.", field="operationName")
        for operation in self.operations:
            if operation.node.name is not None and operation.node.name.value == name:
                return operation
        raise Invalid("The document has no operation of this name.", field="operationName")


class DocumentCache:
    """Prepares documents for a schema and keeps the latest."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        self._schema = schema
        self._settings = settings
        self._rules = specified_rules
        if not settings.answers_introspection:
            self._rules = (*specified_rules, NoSchemaIntrospectionCustomRule)
        self.hits = self.misses = 0
        self._documents: BoundedCache[str, PreparedDocument] = BoundedCache(
            settings.document_cache_entries, settings.document_cache_characters
        )

    def __len__(self) -> int:
        """Count the kept documents."""
        return len(self._documents)

    def kept(self, text: str) -> PreparedDocument | None:
        """Give a document that was prepared before."""
        kept = self._documents.get(text)
        if kept is None:
            self.misses += 1
        else:
            self.hits += 1
        return kept

    def prepare(self, text: str) -> PreparedDocument:
        """Make a document ready to run. Takes long for some, and may be run in a thread.

        Raises `Limited` where it asks for too much, graphql-core's GraphQLSyntaxError,
        `InvalidDocument`, and `Invalid` for a fragment that contains itself.
        """
        settings = self._settings
        document = parse_within_limits(text, settings)
        measured = measure_operations(self._schema, document, settings)
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=settings.max_errors - 1,
            hide_suggestions=not settings.answers_introspection,
        )
        if errors:
            raise InvalidDocument(errors)
        operations = [
            PreparedOperation(
                document,
                each.node,
                each.measure,
                plan=self._plan(each),
                waiting=compile_waiting(self._schema, document, each.node),
            )
            for each in measured
        ]
        return PreparedDocument(operations)

    def keep(self, text: str, prepared: PreparedDocument) -> None:
        """Keep a prepared document."""
        self._documents.keep(text, prepared, len(text))

    def _plan(self, operation: MeasuredOperation) -> Plan | None:
        if not self._settings.plans_queries:
            return None
        with suppress(Unplannable):
            return compile_operation(self._schema, operation.document, operation.node)
        return None
