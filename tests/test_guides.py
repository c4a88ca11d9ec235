"""The guides: their examples run as they stand, and their tables name what there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from orjson import loads
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers import database_transaction
from resolvers.following.confirmation import MAXIMUM_SECONDS
from schema import schema
from server import database, database_watch, process, workers
from server.http import health
from server.settings import Settings
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/guides/coming-from-prisma.md").read_text()
RELIABILITY = (ROOT / "docs/guides/reliability.md").read_text()

STORAGE_ADAPTER = """
createSession getSession querySessions updateSessionMetadata closeSession deleteSession
saveUserMessage saveAssistantMessage saveSystemMessage getHistory getMessage queryMessages
getMessageCount deleteMessage deleteSessionMessages queryToolCalls getToolCallsForMessage
savePendingConfirmation getPendingConfirmation clearPendingConfirmation"""
ENHANCED_SCHEMA = """
createSession endSession createSessionMetric createSessionEvent upsertModuleState
recordStateTransition updateAgentMetrics createAgentVersion createMemory recordMemoryAccess
createMemoryAnnotation applyMemoryAnnotation"""


def _examples() -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each document of the guide, in order, with the answer that stands behind it, if one does."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    for (kind, document), (next_kind, following) in zip(
        blocks, [*blocks[1:], ("", "")], strict=True
    ):
        assert kind in {"graphql", "json"}, "the tests run no such block"
        if kind == "graphql":
            yield document, loads(following) if next_kind == "json" else None


def _ids(answer: Any) -> Iterator[tuple[str, str]]:
    """Each id in an answer, by the name of the field whose object it is."""
    if isinstance(answer, list):
        for item in answer:
            yield from _ids(item)
    elif isinstance(answer, dict):
        for name, item in answer.items():
            if isinstance(item, dict) and "id" in item:
                yield name, item["id"]
            yield from _ids(item)


def _variables(document: str) -> list[str]:
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return [each.variable.name.value for each in operation.variable_definitions or ()]


async def test_the_examples_run_from_top_to_bottom(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    known: dict[str, str] = {}
    for document, answer in _examples():
        variables = {name: known[name] for name in _variables(document)}
        data = await graphql.execute(document, **variables)
        if answer is not None:
            assert {"data": data} == answer, document
        known.update(_ids(data))
    await check_invariants(engine)


def _rows(text: str) -> dict[str, str]:
    """The rows of the tables in a text: what stands in the second column by the first."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return {method: operation for method, operation in rows if method != "method"}


@pytest.mark.parametrize(
    ("title", "methods"),
    [
        ("## The storage adapter", STORAGE_ADAPTER.split()),
        ("## The enhanced schema service", ENHANCED_SCHEMA.split()),
    ],
)
def test_every_method_has_its_operation(title: str, methods: list[str]) -> None:
    part = GUIDE.split(f"\n{title}\n")[1].split("\n## ")[0]
    operations = {
        match[1]: operation
        for method, operation in _rows(part).items()
        if (match := re.match(r"`(\w+)`", method))
    }
    assert set(operations) == set(methods)
    built = build_schema(schema.as_str())
    assert built.query_type is not None
    assert built.mutation_type is not None
    fields = {**built.query_type.fields, **built.mutation_type.fields}
    documents = "\n".join(document for document, _ in _examples())
    for method, operation in operations.items():
        (name, *_) = re.findall(r"`(\w+)`", operation)
        assert name in fields, method
        assert re.search(rf"\b{name}\(", documents), f"no example of {name}"


def test_the_timeouts_and_limits_that_are_promised_are_the_servers() -> None:
    promised = dict(re.findall(r"^\| ([^|]+) \| (\d+) \|", RELIABILITY, re.MULTILINE))
    known = {
        f"`SESSIONGRAPH_{name.upper()}`": field.default
        for name, field in Settings.model_fields.items()
        if name.startswith(("max_", "document_cache_", "keepalive_"))
        or name.endswith("_timeout_seconds")
    }
    known |= {
        "connecting to PostgreSQL": database._CONNECT_SECONDS,
        "a rollback of what was cut off": database_transaction._ROLLBACK_SECONDS,
        "a transaction in which nothing happens": database.IDLE_TRANSACTION_SECONDS,
        "`/readyz`": health._SECONDS,
        "draining": process.DRAIN_SECONDS,
    }
    assert {name: float(seconds) for name, seconds in promised.items()} == known
    silent = Settings().database_timeout_seconds + database_watch._PAUSE_SECONDS
    assert f"`UNAVAILABLE` within {silent:.0f} seconds" in RELIABILITY
    assert f"kills a worker after {workers._KILL_SECONDS}." in RELIABILITY


@pytest.mark.parametrize("name", ["following.md", "human-in-the-loop.md", "opentelemetry.md"])
def test_the_documents_of_the_other_guides_are_valid(name: str) -> None:
    text = (ROOT / "docs/guides" / name).read_text()
    documents = re.findall(r"^```graphql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    documents += re.findall(r"\bquery: `(.*?)`", text, re.DOTALL)
    assert documents
    for document in documents:
        assert not validate(build_schema(str(schema)), parse(document)), document


def test_the_waits_that_are_promised_are_the_servers() -> None:
    text = (ROOT / "docs/guides/human-in-the-loop.md").read_text()
    assert f"`timeoutSeconds`, 0 to {MAXIMUM_SECONDS}:" in text
    assert f"{Settings().max_waiting_per_key} queries of a key can wait" in text


def test_the_tests_that_are_named_are_there() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", RELIABILITY))
    assert named
    assert all((ROOT / each).exists() for each in named)
