"""LangGraph's own suite for checkpointers, against a real server."""

from collections.abc import AsyncGenerator

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.langgraph import SessiongraphSaver

from tests.conftest import Server


async def test_all_that_the_suite_knows(server: Server) -> None:
    @checkpointer_test(name="SessiongraphSaver")
    async def make() -> AsyncGenerator[BaseCheckpointSaver[str], None]:
        async with SessiongraphClient(server.url, api_key=server.make_key()) as client:
            yield SessiongraphSaver(client)

    report = await validate(make)
    failures = {name: result.failures for name, result in report.results.items()}
    assert failures == {capability.value: [] for capability in Capability}
    assert all(result.passed for result in report.results.values())
