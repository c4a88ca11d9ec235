"""The conversation store where others, or the network, come in between."""

import asyncio
import logging
from typing import Any

import pytest
from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import ConversationConflict
from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart
from sessiongraph_client import SessiongraphClient, Unavailable
from sessiongraph_client.pydantic_ai import SessiongraphConversationStore
from sessiongraph_client.pydantic_ai.conversation_items import deleted_record_item

from tests.conftest import Server
from tests.losing_proxy import LosingProxy
from tests.pydantic_ai_agents import see
from tests.pydantic_ai_random import turns

DELETE_MESSAGES = """mutation ($input: DeleteSessionMessagesInput!) {
  deleteSessionMessages(input: $input) { deletedMessageCount }
}"""
COUNT = """query ($session: ID!) {
  session(id: $session) { messages { totalCount } items { totalCount } }
}"""


@pytest.fixture
def store(client: SessiongraphClient) -> SessiongraphConversationStore:
    return SessiongraphConversationStore(client)


async def count(client: SessiongraphClient, session: str) -> tuple[int, int]:
    """Count the messages and the items of a session."""
    found: Any = (await client.query(COUNT, session=session))["session"]
    return found["messages"]["totalCount"], found["items"]["totalCount"]


async def test_an_answer_that_is_lost_doubles_nothing(
    server: Server, client: SessiongraphClient, api_key: str
) -> None:
    direct = SessiongraphConversationStore(client)
    async with (
        LosingProxy.start(server.url) as proxy,
        SessiongraphClient(proxy.url, api_key=api_key) as unlucky,
    ):
        proxy.lost = "recordBatch"
        conversation = Conversation(conversation_id="c", messages=turns(2))
        saving = asyncio.create_task(SessiongraphConversationStore(unlucky).save(conversation))
        while (stored := await direct.read_record("c")) is None:
            pass
        proxy.lost = None
        entries = await saving
    assert conversation.revision == stored.revision
    assert await direct.load_entries("c") == entries
    assert await count(client, "c") == (4, 5)


async def test_a_save_that_was_given_up_conflicts_and_doubles_nothing(
    server: Server, client: SessiongraphClient, api_key: str
) -> None:
    conversation = Conversation(conversation_id="c", messages=turns(2))
    async with (
        LosingProxy.start(server.url) as proxy,
        SessiongraphClient(proxy.url, api_key=api_key, retry_seconds=0) as unlucky,
    ):
        store = SessiongraphConversationStore(unlucky)
        proxy.lost = "recordBatch"
        with pytest.raises(Unavailable):
            await store.save(conversation)
        proxy.lost = None
        with pytest.raises(ConversationConflict):
            await store.save(conversation)
        loaded = await store.load("c")
    assert loaded is not None
    assert loaded.messages == turns(2)
    assert await count(client, "c") == (4, 5)


async def test_a_deletion_that_was_cut_off_is_done_by_the_next_who_looks(
    client: SessiongraphClient, store: SessiongraphConversationStore
) -> None:
    for number, look in enumerate([store.load, store.load_entries, None]):
        name = f"c{number}"
        await store.save(Conversation(conversation_id=name, messages=turns(1)), scope="anna")
        await client.record([deleted_record_item(name, 1)])
        assert await store.list_conversations() == []
        if look is not None:
            assert await look(name) is None
            assert await see(client, name) is None
        await store.save(Conversation(conversation_id=name, messages=turns(2)))
        assert await count(client, name) == (4, 5)
        await store.delete(name)


async def test_a_session_that_is_there_is_taken(
    client: SessiongraphClient, store: SessiongraphConversationStore
) -> None:
    await client.record([{"createSession": {"sessionId": "c", "source": "gateway"}}])
    assert await store.load("c") is None
    await store.save(Conversation(conversation_id="c", messages=turns(1)), scope="anna")
    seen = await see(client, "c")
    assert (seen["source"], seen["userId"], seen["messageCount"]) == ("gateway", "anna", 2)


async def test_what_is_done_to_the_session_stops_no_save(
    client: SessiongraphClient, store: SessiongraphConversationStore
) -> None:
    conversation = Conversation(conversation_id="c", messages=turns(1))
    await store.save(conversation)
    await client.mutate(DELETE_MESSAGES, session="c")
    conversation.messages += turns(1)
    await store.save(conversation)
    assert await count(client, "c") == (2, 5)
    await client.record([{"endSession": {"session": "c"}}])
    conversation.messages += turns(1)
    await store.save(conversation)
    loaded = await store.load("c")
    assert loaded is not None
    assert loaded.messages == turns(1) * 3


async def test_what_is_refused_is_left_out_and_told(
    client: SessiongraphClient,
    store: SessiongraphConversationStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    messages: list[ModelMessage] = [ModelRequest(parts=[ToolReturnPart("t" * 5000, "said", "1")])]
    with caplog.at_level(logging.WARNING, "sessiongraph_client"):
        await store.save(Conversation(conversation_id="c", messages=[*messages, *turns(1)]))
    assert "name of recordMessage is left out" in caplog.text
    loaded = await store.load("c")
    assert loaded is not None
    assert len(loaded.messages) == 3
    assert await count(client, "c") == (3, 4)


async def test_of_two_large_saves_one_conflicts(
    client: SessiongraphClient, store: SessiongraphConversationStore
) -> None:
    async def save(number: int) -> bool:
        conversation = Conversation(conversation_id="c", messages=turns(600 + number))
        try:
            await store.save(conversation)
        except ConversationConflict:
            return False
        return True

    saved = await asyncio.gather(save(0), save(1))
    assert sorted(saved) == [False, True]
    loaded = await store.load("c")
    assert loaded is not None
    assert loaded.messages == turns(600 + saved.index(True))
    assert (await count(client, "c"))[0] == len(loaded.messages)
