"""The Claude Agent SDK's store: its suite, and the same operations as its own store."""

from claude_agent_sdk.testing import run_session_store_conformance
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore

from tests.conftest import Server


async def test_the_sdks_suite_finds_nothing(server: Server) -> None:
    clients: list[SessiongraphClient] = []

    def make_store() -> SessiongraphSessionStore:
        clients.append(SessiongraphClient(server.url, api_key=server.make_key()))
        return SessiongraphSessionStore(clients[-1])

    await run_session_store_conformance(make_store)
    assert len(clients) > 14
    for client in clients:
        await client.aclose()
