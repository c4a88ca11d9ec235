"""The conversation store against the framework's own, by its methods and by its primitives."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic_ai import BinaryContent, BinaryImage, DeferredToolRequests, ImageUrl
from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationRecord,
)
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.usage import RunUsage
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.pydantic_ai import SessiongraphConversationStore

from tests.conftest import Server
from tests.pydantic_ai_random import Random, turn, turns
from tests.pydantic_ai_stores import ComparedStore


@pytest.fixture
def store(client: SessiongraphClient) -> SessiongraphConversationStore:
    return SessiongraphConversationStore(client)


@pytest.fixture
def compared(store: SessiongraphConversationStore) -> ComparedStore:
    return ComparedStore(store)


async def test_a_conversation_grows_from_save_to_save(compared: ComparedStore) -> None:
    assert await compared.load("c") is None
    conversation = Conversation(conversation_id="c", messages=turns(1), usage=RunUsage(requests=1))
    entries = await compared.save(conversation, scope="anna")
    assert [entry.message for entry in entries] == conversation.messages
    loaded = await compared.load("c")
    assert loaded == conversation
    assert loaded is not None
    loaded.messages += turn("more")
    loaded.usage = RunUsage(requests=2, input_tokens=3, details={"audio": 1})
    assert len(await compared.save(loaded)) == 2
    assert await compared.save(loaded) == []
    history = await compared.load_entries("c")
    assert history is not None
    assert [entry.id for entry in history[:2]] == [entry.id for entry in entries]
    await compared.check()


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 7, 8, 100])
async def test_a_window_is_loaded_and_saved_from(compared: ComparedStore, limit: int) -> None:
    await compared.save(Conversation(conversation_id="c", messages=turns(4)))
    loaded = await compared.load("c", limit=limit)
    assert loaded is not None
    assert loaded.messages == turns(4)[-limit:] if limit else not loaded.messages
    loaded.messages += turn("last")
    await compared.save(loaded)
    whole = await compared.load("c")
    assert whole is not None
    assert len(whole.messages) == 10
    await compared.check()


async def test_a_rewritten_history_leaves_a_branch(compared: ComparedStore) -> None:
    conversation = Conversation(conversation_id="c", messages=turns(3))
    await compared.save(conversation)
    rewritten = Conversation(
        conversation_id="c", messages=[*turns(1), *turn("new")], revision=conversation.revision
    )
    await compared.save(rewritten)
    (record,) = await compared.list_conversations()
    assert len(record.branches) == 1
    back = await compared.branch(
        "c", from_entry=record.branches[0], expected_revision=rewritten.revision
    )
    assert back.messages == turns(3)
    await compared.check()


async def test_a_conversation_branches_and_goes_on(compared: ComparedStore) -> None:
    conversation = Conversation(conversation_id="c", messages=turns(3))
    await compared.save(conversation)
    with pytest.raises(ConversationConflict):
        await compared.branch("c", at=2, expected_revision="another")
    branched = await compared.branch("c", at=2, expected_revision=conversation.revision)
    branched.messages += turn("other")
    await compared.save(branched)
    emptied = await compared.branch("c", at=0, expected_revision=branched.revision)
    emptied.messages += turn("from the start")
    await compared.save(emptied)
    with pytest.raises(UserError):
        await compared.branch("c", from_entry="nothing", expected_revision=emptied.revision)
    await compared.check()


async def test_a_fork_outlives_its_origin(compared: ComparedStore) -> None:
    await compared.save(Conversation(conversation_id="origin", messages=turns(3)), scope="anna")
    fork = await compared.fork("origin", at=4, new_conversation_id="fork")
    fork.messages += turn("other way")
    await compared.save(fork)
    await compared.fork("fork", new_conversation_id="fork of fork", scope="bob")
    await compared.fork("origin", at=0, new_conversation_id="empty")
    with pytest.raises(ConversationConflict):
        await compared.fork("origin", new_conversation_id="fork")
    await compared.check()
    for conversation in ("origin", "fork", "empty"):
        await compared.delete(conversation)
        await compared.check()
    left = await compared.load("fork of fork", scope="bob")
    assert left is not None
    assert left.messages == [*turns(2), *turn("other way")]


async def test_a_fork_may_start_from_a_branch_that_was_left(compared: ComparedStore) -> None:
    conversation = Conversation(conversation_id="c", messages=turns(3))
    entries = await compared.save(conversation)
    await compared.branch("c", at=2, expected_revision=conversation.revision)
    fork = await compared.fork("c", from_entry=entries[3].id, new_conversation_id="fork")
    assert fork.messages == turns(2)
    await compared.delete("c")
    await compared.check()


async def test_conversations_are_listed_by_scope(compared: ComparedStore) -> None:
    for number in range(6):
        conversation = Conversation(conversation_id=f"c{number}", messages=turns(1))
        await compared.save(conversation, scope=["anna", "bob\x00", None][number % 3])
    for scope in ("anna", "bob\x00", "nobody", None):
        for limit in (None, 0, 1, 5):
            await compared.list_conversations(scope=scope, limit=limit)
    assert await compared.load("c0", scope="bob") is None
    await compared.delete("c0", scope="bob")
    assert await compared.load("c0", scope="anna") is not None
    await compared.delete("c0", scope="anna")
    assert await compared.load("c0") is None
    await compared.delete("c0")
    await compared.check()


async def test_a_deleted_conversation_starts_anew(compared: ComparedStore) -> None:
    first = Conversation(conversation_id="c", messages=turns(1))
    await compared.save(first)
    await compared.delete("c")
    with pytest.raises(ConversationConflict):
        await compared.save(first)
    second = Conversation(conversation_id="c", messages=turns(2))
    await compared.save(second)
    with pytest.raises(ConversationConflict):
        await compared.save(first)
    await compared.check()


async def test_an_old_copy_conflicts(compared: ComparedStore) -> None:
    await compared.save(Conversation(conversation_id="c", messages=turns(1)))
    one, other = await compared.load("c"), await compared.load("c")
    assert one is not None
    assert other is not None
    one.messages += turn("one")
    other.messages += turn("other")
    await compared.save(one)
    with pytest.raises(ConversationConflict):
        await compared.save(other)
    with pytest.raises(ConversationConflict):
        await compared.save(Conversation(conversation_id="c", messages=turns(1)))
    with pytest.raises(ConversationConflict):
        await compared.save(one, scope="anna")
    await compared.check()


async def test_what_a_paused_run_waits_for_is_kept(compared: ComparedStore) -> None:
    requests = DeferredToolRequests(
        calls=[ToolCallPart("ask", {"q": "?"}, "1"), ToolCallPart("job", '{"n": 1}', "2")],
        approvals=[ToolCallPart("pay", {"amount": 5}, "3")],
        metadata={"3": {"why": "much"}},
        _kinds={"1": "question"},
    )
    conversation = Conversation(
        conversation_id="c", messages=turns(1), deferred_tool_requests=requests
    )
    await compared.save(conversation)
    loaded = await compared.load("c")
    assert loaded is not None
    assert loaded.deferred_tool_requests is not None
    assert loaded.deferred_tool_requests.kind("1") == "question"
    await compared.fork("c", new_conversation_id="fork")
    await compared.fork("c", at=1, new_conversation_id="part")
    await compared.check()


@pytest.mark.parametrize(
    "conversation_id",
    ["", "session_01a200ca-91cb-745e-b4b5-584a43fc7a3f", "a\x00b", "ü" * 600, "a/b c"],
)
async def test_a_conversation_may_have_any_name(
    compared: ComparedStore, conversation_id: str
) -> None:
    await compared.save(Conversation(conversation_id="other", messages=turns(1)))
    await compared.save(Conversation(conversation_id=conversation_id, messages=turns(1)))
    await compared.fork(conversation_id, new_conversation_id="fork")
    await compared.check()
    await compared.delete(conversation_id)
    await compared.check()


def nest(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "part",
    [
        UserPromptPart(""),
        UserPromptPart('a\x00b ü \U0001f600 \u2028 \\ "'),
        UserPromptPart([]),
        UserPromptPart(["look", BinaryImage(b"\x00\xff" * 9, media_type="image/png")]),
        UserPromptPart([ImageUrl("https://example.org/a.png"), "and"]),
        UserPromptPart("ü" * 5_000_000),
        ToolReturnPart("t", list(range(400_000)), "1"),
        ToolReturnPart("t", {f"{number}": [{}, []] for number in range(9_000)}, "1"),
        UserPromptPart([BinaryContent(bytes(range(256)) * 60_000, media_type="video/mp4")]),
        ToolReturnPart("t", {"z": 1, "a": [1.0, 1, -0.0, 2**70, 1e300, True, None]}, "unknown"),
        ToolReturnPart("t", nest(90), ""),
        ToolReturnPart("", None, "x" * 1000, outcome="failed"),
        ToolReturnPart("t\x00", "a\x00b", "\x00", outcome="retried"),
    ],
    ids=range(13),
)
async def test_odd_messages_are_kept(compared: ComparedStore, part: Any) -> None:
    messages: Sequence[ModelMessage] = [ModelRequest(parts=[part]), *turns(1)]
    conversation = Conversation(conversation_id="c", messages=list(messages))
    await compared.save(conversation)
    await compared.fork("c", new_conversation_id="fork")
    await compared.check()


async def test_a_message_with_a_lone_surrogate_is_refused_whole(
    store: SessiongraphConversationStore,
) -> None:
    messages: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("\ud800")])]
    with pytest.raises(UnicodeEncodeError):
        await store.save(Conversation(conversation_id="c", messages=messages))
    assert await store.load("c") is None


async def test_a_long_history_is_read_whole(compared: ComparedStore) -> None:
    await compared.save(Conversation(conversation_id="c", messages=turns(600)))
    for limit in (None, 1, 199, 200, 201, 1199, 2000):
        await compared.load_entries("c", limit=limit)
    await compared.fork("c", at=1101, new_conversation_id="fork")
    await compared.read_records()
    loaded = await compared.load("fork")
    assert loaded is not None
    assert loaded.messages == turns(600)[:1101]


async def test_another_project_sees_nothing(
    server: Server, store: SessiongraphConversationStore
) -> None:
    entries = await store.save(Conversation(conversation_id="c", messages=turns(1)))
    async with SessiongraphClient(server.url, api_key=server.make_key()) as client:
        stranger = SessiongraphConversationStore(client)
        assert await stranger.load("c") is None
        assert await stranger.list_conversations() == []
        with pytest.raises(LookupError):
            await stranger.read_entry(entries[0].id)
        with pytest.raises(LookupError):
            await stranger.read_history(entries[-1].id)
        with pytest.raises(ConversationConflict):
            await stranger.write_record(
                ConversationRecord(conversation_id="c", head_id=entries[-1].id),
                expected_revision=None,
            )


@pytest.mark.parametrize("seed", range(5))
async def test_random_operations(compared: ComparedStore, seed: int) -> None:
    await Random(compared, seed).run(60)
