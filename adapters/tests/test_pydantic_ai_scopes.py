"""The conversation store with keys that may not do everything."""

import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic_ai.conversation import Conversation
from sessiongraph_client import Forbidden, SessiongraphClient
from sessiongraph_client.pydantic_ai import SessiongraphConversationStore
from sessiongraph_client.pydantic_ai.conversation_items import deleted_record_item

from tests.conftest import Server
from tests.pydantic_ai_agents import see
from tests.pydantic_ai_random import Random, turns
from tests.pydantic_ai_stores import ComparedStore
from tests.test_pydantic_ai_faults import count

COMMAND = str(Path(__file__).parents[2] / ".venv" / "bin" / "sessiongraph")


@pytest.fixture
def project(server: Server) -> str:
    """A new project."""
    name = f"scopes-{uuid4()}"
    run(server, "projects", "create", name)
    return name


def run(server: Server, *arguments: str) -> str:
    command = [COMMAND, *arguments]
    ran = subprocess.run(
        command, env=server.environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return ran.stdout.strip()


def connect(server: Server, project: str, scope: str) -> SessiongraphClient:
    arguments = ["--name", scope, "--project", project, "--scope", scope]
    return SessiongraphClient(server.url, api_key=run(server, "keys", "create", *arguments))


async def test_who_only_records_deletes_the_entries_alone(server: Server, project: str) -> None:
    async with connect(server, project, "record") as client:
        store = SessiongraphConversationStore(client)
        entries = await store.save(Conversation(conversation_id="c", messages=turns(250)))
        await store.delete("c")
        assert await store.load("c") is None
        assert await store.list_conversations() == []
        with pytest.raises(LookupError):
            await store.read_entry(entries[0].id)
        assert await count(client, "c") == (500, 1)
        await store.save(Conversation(conversation_id="c", messages=turns(1)))
        assert await count(client, "c") == (502, 3)
        loaded = await store.load("c")
        assert loaded is not None
        assert loaded.messages == turns(1)


@pytest.mark.parametrize("seed", range(3))
async def test_random_operations_of_who_only_records(
    server: Server, project: str, seed: int
) -> None:
    async with connect(server, project, "record") as client:
        await Random(ComparedStore(SessiongraphConversationStore(client)), seed).run(60)


async def test_who_only_reads_loads_and_changes_nothing(server: Server, project: str) -> None:
    async with (
        connect(server, project, "admin") as client,
        connect(server, project, "read") as reading,
    ):
        conversation = Conversation(conversation_id="c", messages=turns(1))
        await SessiongraphConversationStore(client).save(conversation)
        store = SessiongraphConversationStore(reading)
        assert await store.load("c") == conversation
        with pytest.raises(Forbidden):
            await store.delete("c")
        with pytest.raises(Forbidden):
            await store.branch("c", at=1, expected_revision=conversation.revision)
        assert await store.load("c") == conversation
        await client.record([deleted_record_item("c", 1)])
        assert await store.load("c") is None
        assert (await see(client, "c"))["messageCount"] == 2
