"""Real runs of agents, with scripted models, in a store that is compared with the framework's."""

import asyncio
from typing import Any

import pytest
from pydantic_ai import Agent, BinaryImage, DeferredToolResults, ImageUrl, ToolDenied
from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import ConversationConflict
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.models.test import TestModel
from pydantic_ai.tools import RunContext
from pydantic_ai.usage import RequestUsage
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.pydantic_ai import SessiongraphConversationStore

from tests.conftest import Server, start
from tests.pydantic_ai_agents import Script, call, make_agent, see
from tests.pydantic_ai_random import turns
from tests.pydantic_ai_stores import ComparedStore

DECIDE = """mutation ($input: DecideConfirmationInput!) {
  decideConfirmation(input: $input) { confirmation { status } }
}"""


@pytest.fixture
def compared(client: SessiongraphClient) -> ComparedStore:
    return ComparedStore(SessiongraphConversationStore(client))


def said(seen: Any) -> list[tuple[str, str | None]]:
    return [(each["role"], each["content"]) for each in seen["messages"]["nodes"]]


def called(seen: Any) -> list[tuple[str, str, Any]]:
    return [(each["toolCallId"], each["status"], each["result"]) for each in nodes(seen)]


def nodes(seen: Any) -> list[Any]:
    found: list[Any] = seen["toolCalls"]["nodes"]
    return found


async def test_a_run_with_tools_and_retries(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    script = Script(
        [TextPart("Let me see."), call("weather", "1", city="Atlantis"), call("nothing", "2")],
        [call("weather", "3", city="Rome")],
        "It is warm.",
        "And dry.",
    )
    agent = make_agent(script)
    result = await agent.run("How is it in Rome?", conversation=Conversation(conversation_id="c"))
    await compared.save(result, scope="anna")
    loaded = await compared.load("c")
    result = await agent.run("And?", conversation=loaded)
    await compared.save(result)
    await compared.check()
    seen = await see(client, "c")
    assert (seen["source"], seen["userId"], seen["status"]) == ("pydantic-ai", "anna", "ACTIVE")
    roles = " ".join(role for role, _ in said(seen))
    assert roles == "SYSTEM USER ASSISTANT TOOL TOOL ASSISTANT TOOL ASSISTANT USER ASSISTANT"
    assert said(seen)[:3] == [
        ("SYSTEM", "Be short."),
        ("USER", "How is it in Rome?"),
        ("ASSISTANT", "Let me see."),
    ]
    assert [(each[0], each[1]) for each in called(seen)] == [
        ("1", "FAILED"),
        ("2", "FAILED"),
        ("3", "SUCCEEDED"),
    ]
    first, second, third = nodes(seen)
    assert (first["errorType"], second["errorType"]) == ("model_retry", "unknown_tool")
    assert "no such city" in first["errorMessage"]
    assert "no such city" in first["resultMessage"]["content"]
    assert (third["arguments"], third["result"]) == (
        {"city": "Rome"},
        {"city": "Rome", "degrees": 21.5},
    )
    answer = seen["messages"]["nodes"][-1]
    assert (answer["provider"], answer["responseModel"]) == ("function", "scripted")
    assert (answer["finishReasons"], answer["status"]) == (["stop"], "COMPLETE")
    assert answer["inputTokens"] > 0
    assert seen["inputTokens"] == result.conversation.usage.input_tokens
    history = await compared.load_entries("c")
    assert history is not None
    assert answer["metadata"]["pydantic_ai"]["entry"] == history[-1].id


async def test_an_approval_is_asked_for_and_decided(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    script = Script(
        [
            call("refund", "a", euros=20),
            call("refund", "b", euros=30),
            call("refund", "c", euros=5),
        ],
        "Done.",
    )
    agent = make_agent(script)
    result = await agent.run("Refund!", conversation=Conversation(conversation_id="c"))
    await compared.save(result)
    seen = await see(client, "c")
    assert seen["status"] == "WAITING"
    assert [(each[0], each[1]) for each in called(seen)] == [
        ("a", "AWAITING_CONFIRMATION"),
        ("b", "AWAITING_CONFIRMATION"),
        ("c", "SUCCEEDED"),
    ]
    loaded = await compared.load("c")
    results = DeferredToolResults(approvals={"a": True, "b": ToolDenied("Too much.")})
    result = await agent.run(conversation=loaded, deferred_tool_results=results)
    await compared.save(result)
    await compared.check()
    seen = await see(client, "c")
    assert seen["status"] == "ACTIVE"
    assert [each["confirmation"] and each["confirmation"]["status"] for each in nodes(seen)] == [
        "APPROVED",
        "DENIED",
        None,
    ]
    assert nodes(seen)[1]["confirmation"]["reason"] == "Too much."
    assert [(each[0], each[1]) for each in called(seen)] == [
        ("a", "SUCCEEDED"),
        ("b", "DENIED"),
        ("c", "SUCCEEDED"),
    ]
    assert nodes(seen)[0]["result"] == "20 euros refunded"
    assert said(seen)[-1] == ("ASSISTANT", "Done.")


async def test_people_may_decide_in_sessiongraph(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    script = Script([call("refund", "a", euros=20), call("refund", "b", euros=30)], "Done.")
    agent = make_agent(script)
    result = await agent.run("Refund!", conversation=Conversation(conversation_id="c"))
    await compared.save(result)
    loaded = await compared.load("c")
    assert loaded is not None
    one, other = [each["confirmation"]["id"] for each in nodes(await see(client, "c"))]
    await client.mutate(
        DECIDE, confirmation=one, decision="APPROVED", editedArguments={"euros": 11}
    )
    assert await compared.store.read_answers(loaded) is None
    await client.mutate(DECIDE, confirmation=other, decision="DENIED", reason="No.")
    answers = await compared.store.read_answers(loaded)
    result = await agent.run(conversation=loaded, deferred_tool_results=answers)
    await compared.save(result)
    await compared.check()
    assert [(each[0], each[1]) for each in called(await see(client, "c"))] == [
        ("a", "SUCCEEDED"),
        ("b", "DENIED"),
    ]
    assert nodes(await see(client, "c"))[0]["result"] == "11 euros refunded"
    assert await compared.store.read_answers(result.conversation) is None


async def test_a_call_that_is_made_elsewhere_is_running(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    script = Script([call("print_label", "a", order="7")], "Printed.")
    agent = make_agent(script)
    result = await agent.run("Print!", conversation=Conversation(conversation_id="c"))
    await compared.save(result)
    assert called(await see(client, "c")) == [("a", "RUNNING", None)]
    results = DeferredToolResults(calls={"a": {"pages": 2}})
    loaded = await compared.load("c")
    result = await agent.run(conversation=loaded, deferred_tool_results=results)
    await compared.save(result)
    await compared.check()
    assert called(await see(client, "c")) == [("a", "SUCCEEDED", {"pages": 2})]


async def test_a_call_elsewhere_that_is_given_up_is_cancelled(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    agent = make_agent(Script([call("print_label", "a", order="7")]))
    result = await agent.run("Print!", conversation=Conversation(conversation_id="c"))
    await compared.save(result)
    await compared.branch("c", at=1, expected_revision=result.conversation.revision)
    assert called(await see(client, "c")) == [("a", "CANCELLED", None)]


async def test_a_question_that_matters_no_longer_is_cleared(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    script = Script([call("refund", "a", euros=20)], "Never mind.")
    agent = make_agent(script)
    result = await agent.run("Refund!", conversation=Conversation(conversation_id="c"))
    await compared.save(result)
    branched = await compared.branch("c", at=0, expected_revision=result.conversation.revision)
    result = await agent.run("Forget it.", conversation=branched)
    await compared.save(result)
    await compared.check()
    seen = await see(client, "c")
    assert (seen["status"], nodes(seen)[0]["confirmation"]["status"]) == ("ACTIVE", "CANCELLED")
    (event,) = [
        each for each in seen["events"]["nodes"] if each["eventType"] == "pydantic_ai.branched"
    ]
    (record,) = await compared.list_conversations()
    assert event["eventData"] == {"left": record.branches[0], "goes_on_from": None}


async def test_files_are_described(client: SessiongraphClient, compared: ComparedStore) -> None:
    agent = Agent(TestModel(custom_output_text="A cat."))
    prompt: list[UserContent] = [
        "What is this?",
        BinaryImage(b"\x89PNG" * 500, media_type="image/png"),
        ImageUrl("https://example.org/cat"),
    ]
    result = await agent.run(prompt, conversation=Conversation(conversation_id="c"))
    await compared.save(result)
    await compared.check()
    assert said(await see(client, "c")) == [
        ("USER", "What is this?\n[image/png, 2,000 bytes]\n[ImageUrl: https://example.org/cat]"),
        ("ASSISTANT", "A cat."),
    ]


async def test_a_response_with_all_that_there_is(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    response = ModelResponse(
        parts=[
            ThinkingPart("secret"),
            NativeToolCallPart("web_search", {"q": "cats"}, "n"),
            NativeToolReturnPart("web_search", [{"url": "u"}], "n"),
            TextPart("Cats."),
        ],
        usage=RequestUsage(input_tokens=10, output_tokens=4, cache_read_tokens=3),
        model_name="m-2026",
        model_id="p:m",
        provider_name="p",
        provider_response_id="r",
        finish_reason="length",
        state="interrupted",
    )
    conversation = Conversation(conversation_id="c", messages=[*turns(1), response])
    await compared.save(conversation)
    await compared.check()
    seen = await see(client, "c")
    message = seen["messages"]["nodes"][-1]
    assert (message["content"], message["status"]) == ("Cats.", "INTERRUPTED")
    assert (message["requestModel"], message["responseModel"]) == ("p:m", "m-2026")
    assert (message["inputTokens"], message["outputTokens"]) == (10, 4)
    assert [(each["toolType"], each["result"]) for each in nodes(seen)] == [
        ("native", [{"url": "u"}])
    ]


async def test_what_cannot_be_told_is_kept_nevertheless(
    client: SessiongraphClient, compared: ComparedStore
) -> None:
    parts: list[ModelRequestPart] = [
        ToolReturnPart("t", "no call", "nowhere"),
        ToolReturnPart("t", "again", "twice"),
        ToolReturnPart("t", "and again", "twice"),
        UserPromptPart("a\x00b"),
        UserPromptPart("x" * 5_000_000),
    ]
    calls = [call("", "twice", x="\x00"), call("t" * 600, "twice"), call("t", "y" * 600)]
    messages: list[ModelMessage] = [ModelResponse(parts=calls), ModelRequest(parts=parts)]
    conversation = Conversation(conversation_id="c", messages=messages)
    await compared.save(conversation)
    await compared.check()
    seen = await see(client, "c")
    assert [role for role, _ in said(seen)] == ["ASSISTANT", *["TOOL"] * 3, "USER", "USER"]
    assert said(seen)[-2][1] == "a\ufffdb"
    assert len(said(seen)[-1][1] or "") == 1_000_000


async def test_a_fork_names_its_origin(client: SessiongraphClient, compared: ComparedStore) -> None:
    entries = await compared.save(Conversation(conversation_id="c", messages=turns(2)))
    fork = await compared.fork("c", at=2, new_conversation_id="f")
    fork.messages += turns(1)
    await compared.save(fork)
    seen = await see(client, "f")
    assert (seen["kind"], seen["parent"]) == ("ROOT", None)
    assert seen["metadata"] == {"pydantic_ai": {"forked_from": "c", "forked_at": entries[1].id}}
    assert seen["messageCount"] == 2


async def test_a_delegates_conversation_is_a_child(client: SessiongraphClient) -> None:
    store = SessiongraphConversationStore(client)
    researcher = Agent(Script("Cats purr.").model())
    agent = Agent(Script([call("research", "1", topic="cats")], "They purr.").model())

    @agent.tool
    async def research(context: RunContext[object], topic: str) -> str:
        result = await researcher.run(topic, conversation_id="part")
        parts = SessiongraphConversationStore(client, parent=context.conversation_id)
        await parts.save(result)
        return result.output

    result = await agent.run("Cats?", conversation=Conversation(conversation_id="whole"))
    await store.save(result, scope="anna")
    seen = await see(client, "whole")
    assert seen["userId"] == "anna"
    assert seen["children"]["nodes"] == [
        {"sessionId": "part", "kind": "SUBAGENT", "source": "pydantic-ai"}
    ]
    assert said(await see(client, "part")) == [("USER", "cats"), ("ASSISTANT", "Cats purr.")]
    loaded = await store.load("part")
    assert loaded is not None
    await store.delete("whole")
    assert await store.load("part") is None


async def test_of_two_writers_one_is_told_of_a_conflict(client: SessiongraphClient) -> None:
    stores = [SessiongraphConversationStore(client) for _ in range(6)]

    async def save(number: int, base: Conversation | None) -> bool:
        conversation = base or Conversation(conversation_id="c")
        conversation.messages += turns(1)
        try:
            await stores[number].save(conversation)
        except ConversationConflict:
            return False
        return True

    for round_number in range(1, 6):
        copies = [await store.load("c") for store in stores]
        saved = await asyncio.gather(*(save(n, copy) for n, copy in enumerate(copies)))
        assert saved.count(True) == 1
        loaded = await stores[0].load("c")
        assert loaded is not None
        assert loaded.messages == turns(1) * round_number
        assert (await see(client, "c"))["messageCount"] == 2 * round_number


async def test_saves_and_deletes_at_once_leave_all_or_nothing(client: SessiongraphClient) -> None:
    store = SessiongraphConversationStore(client)

    async def churn(number: int) -> None:
        for _ in range(5):
            conversation = await store.load("c") or Conversation(conversation_id="c")
            conversation.messages += turns(1)
            try:
                await store.save(conversation)
            except ConversationConflict:
                continue
            if number == 0:
                await store.delete("c")

    await asyncio.gather(*(churn(number) for number in range(4)))
    await store.delete("c")
    assert await store.load("c") is None
    assert await store.list_conversations() == []
    assert await see(client, "c") is None


async def test_a_restart_of_the_server_loses_nothing(own_server: Server) -> None:
    port = int(own_server.url.rpartition(":")[2])
    async with SessiongraphClient(own_server.url) as client:
        store = SessiongraphConversationStore(client)
        agent = make_agent(Script(*map(str, range(100))))

        async def talk() -> int:
            count = 0
            while not stopped.is_set() or not count:
                conversation = await store.load("c") or Conversation(conversation_id="c")
                await store.save(await agent.run(f"{count}", conversation=conversation))
                count += 1
            return count

        stopped = asyncio.Event()
        talking = asyncio.create_task(talk())
        while await store.load("c") is None:
            pass
        await asyncio.to_thread(own_server.kill)
        own_server.process = (await asyncio.to_thread(start, own_server.environment, port)).process
        stopped.set()
        count = await talking
        loaded = await store.load("c")
        assert loaded is not None
        assert len(loaded.messages) == 2 * count
        assert (await see(client, "c"))["messageCount"] == min(2 * count + 1, 200)
