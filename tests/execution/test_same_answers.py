"""The plan and graphql-core give the same answers, errors included."""

import os
from asyncio import all_tasks, wait
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from resolvers.identifiers import PREFIXES, encode
from schema.fields import NODE_TYPES
from server.app import create_app
from server.settings import Settings
from tests.comparable_answers import comparable_answer
from tests.execution.operations import operations
from tests.history import fill

EXAMPLES = int(os.environ.get("SESSIONGRAPH_TEST_EXAMPLES", "2000"))


def client(engine: AsyncEngine, *, plans_queries: bool) -> httpx2.AsyncClient:
    settings_of_server = Settings(
        insecure=True, plans_queries=plans_queries, max_cost=10**9, max_aliases=1000
    )
    app = create_app(settings_of_server, engine)
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://localhost", timeout=60
    )


async def some_ids(engine: AsyncEngine) -> list[str]:
    """An id of each noun."""
    ids = []
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if table in NODE_TYPES:
                found = await connection.scalar(text(f"SELECT min(id::text) FROM {table.name}"))
                ids.append(encode(PREFIXES[table], table.c.id.type.python_type(found)))
    return ids


@dataclass
class Executors:
    """The same store, served with the plan and without."""

    planned: httpx2.AsyncClient
    reference: httpx2.AsyncClient
    ids: list[str]


@pytest.fixture
async def executors(engine: AsyncEngine) -> AsyncIterator[Executors]:
    await fill(engine, 3)
    async with (
        client(engine, plans_queries=True) as planned,
        client(engine, plans_queries=False) as reference,
    ):
        yield Executors(planned, reference, await some_ids(engine))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_random_queries(
    executors: Executors, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    operation = data.draw(operations(executors.ids))
    body = {"query": operation.text, "variables": operation.variables}
    reference = await executors.reference.post("/graphql", json=body)
    planned = await executors.planned.post("/graphql", json=body)
    expected = reference.json()
    assert comparable_answer(planned.json()) == comparable_answer(expected), operation.text
    event("errors" if "errors" in expected else "data")
    if "errors" not in expected:
        # to the letter: the order of keys, the digits of numbers, the spelling of times
        assert planned.content == reference.content, operation.text
    assert not caplog.text, operation.text  # such as of a plan that failed


async def test_a_query_that_fails_leaves_nothing_running(executors: Executors) -> None:
    wrong = """{ sessions { nodes { messages { nodes { id } } events(after: "x") { nodes { id } }
      moduleStates { nodes { transitions { nodes { id } } } } } } agents { nodes { id } } }"""
    before = all_tasks()
    reply = await executors.planned.post("/graphql", json={"query": wrong})
    assert {error["extensions"]["field"] for error in reply.json()["errors"]} == {"after"}
    loads = all_tasks() - before  # of fields beside the one that failed; they end by themselves
    if loads:
        await wait(loads, timeout=10)
    assert all_tasks() <= before
