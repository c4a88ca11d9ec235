"""What a dashboard sees of LangGraph's threads."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.serde.base import CipherProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.langgraph import SessiongraphSaver

from tests import langgraph_graphs as graphs
from tests.conftest import Server, start
from tests.test_langgraph_graphs import CHAT, CONFIG, RUNS, said

SESSION = """query ($session: ID!) {
  session(id: $session) {
    sessionId kind source status title messageCount toolCallCount failedToolCallCount
    inputTokens outputTokens
    treeUsage { inputTokens }
    messages(first: 200) { nodes {
      role content name toolCallId provider responseModel responseId finishReasons
      inputTokens outputTokens cacheReadInputTokens reasoningOutputTokens metadata
    } }
    toolCalls(first: 200) { nodes { toolName toolCallId arguments status result errorMessage } }
    confirmations(first: 200) { nodes {
      toolName userMessage status reason deciderType arguments
    } }
    moduleStates(first: 10) { nodes { moduleId stateType revision state
      transitions(first: 200) { nodes { triggerType triggerId } } } }
    children(first: 200) { nodes { sessionId kind title messageCount
      messages(first: 200) { nodes { role content inputTokens } }
      toolCalls(first: 200) { nodes { toolName status } }
      moduleStates(first: 10) { nodes { moduleId revision } } } }
  }
}"""


async def see(client: SessiongraphClient, session: str = "thread-1") -> dict[str, Any]:
    data = await client.query(SESSION, session=session)
    found: dict[str, Any] = data["session"]
    for connection in ("messages", "toolCalls", "confirmations", "moduleStates", "children"):
        if found:
            found[connection] = found[connection]["nodes"]
    return found


async def go(client: SessiongraphClient, name: str) -> dict[str, Any]:
    make, inputs = RUNS[name]
    graph = make().compile(checkpointer=SessiongraphSaver(client))
    for given in inputs:
        await graph.ainvoke(given, CONFIG)
    return await see(client)


async def test_a_conversation_is_a_session(client: SessiongraphClient) -> None:
    seen = await go(client, "chat")
    assert (seen["kind"], seen["source"], seen["status"]) == ("ROOT", "langgraph", "ACTIVE")
    assert [(each["role"], each["content"]) for each in seen["messages"]] == [
        ("USER", "Hi"),
        ("ASSISTANT", "Hello."),
        ("USER", "The weather in Rome?"),
        ("ASSISTANT", ""),
        ("TOOL", "Rain in Rome"),
        ("TOOL", seen["messages"][5]["content"]),
        ("ASSISTANT", "Rain in Rome."),
    ]
    answer = seen["messages"][1]
    assert {name: answer[name] for name in answer if name not in {"metadata", "role"}} == {
        "content": "Hello.",
        "name": None,
        "toolCallId": None,
        "provider": "script",
        "responseModel": "scripted-1",
        "responseId": "response-1",
        "finishReasons": ["stop"],
        "inputTokens": 10,
        "outputTokens": 5,
        "cacheReadInputTokens": 4,
        "reasoningOutputTokens": 2,
    }
    assert (seen["inputTokens"], seen["outputTokens"]) == (30, 15)
    rome, atlantis = seen["toolCalls"]
    assert (rome["toolName"], rome["arguments"]) == ("weather", {"city": "Rome"})
    assert (rome["status"], rome["result"]) == ("SUCCEEDED", "Rain in Rome")
    assert (atlantis["status"], atlantis["toolCallId"]) == ("FAILED", "call-Atlantis")
    assert "There is no such city." in atlantis["errorMessage"]


async def test_each_checkpoint_is_a_revision_of_a_state(client: SessiongraphClient) -> None:
    seen = await go(client, "parallel")
    (state,) = seen["moduleStates"]
    saver = SessiongraphSaver(client)
    newest, *others = [each async for each in saver.alist(CONFIG)]
    assert (state["moduleId"], state["revision"]) == ("langgraph", 1 + len(others))
    assert state["state"]["checkpointId"] == newest.checkpoint["id"]
    assert state["state"]["values"]["trail"] == newest.checkpoint["channel_values"]["trail"]
    assert {each["triggerType"] for each in state["transitions"]["nodes"]} == {"input", "loop"}


async def test_interrupts_are_confirmations(client: SessiongraphClient) -> None:
    make, inputs = RUNS["approval"]
    graph = make().compile(checkpointer=SessiongraphSaver(client))
    statuses = []
    for given in inputs:
        await graph.ainvoke(given, CONFIG)
        seen = await see(client)
        statuses.append([seen["status"], *(each["status"] for each in seen["confirmations"])])
    assert statuses == [
        ["WAITING", "PENDING"],
        ["WAITING", "APPROVED", "PENDING"],
        ["WAITING", "APPROVED", "CANCELLED", "PENDING"],
        ["ACTIVE", "APPROVED", "CANCELLED", "DENIED"],
    ]
    letter, whom, pay = seen["confirmations"]
    assert (letter["toolName"], letter["userMessage"]) == ("interrupt", "Send the letter?")
    assert letter["arguments"]["value"] == "Send the letter?"
    assert (whom["userMessage"], whom["reason"]) == ("To whom?", "Answered: Ann")
    assert (pay["toolName"], pay["userMessage"], pay["deciderType"]) == (
        "pay",
        "Pay 5 euro?",
        "USER",
    )


async def test_an_interrupt_that_is_passed_by_is_withdrawn(client: SessiongraphClient) -> None:
    graph = graphs.approval().compile(checkpointer=SessiongraphSaver(client))
    await graph.ainvoke({"answers": []}, CONFIG)
    await graph.aupdate_state(CONFIG, {"answers": ["none"]}, as_node="once")
    (asked,) = (await see(client))["confirmations"]
    assert (asked["status"], asked["reason"]) == ("CANCELLED", "The graph went on.")


@pytest.mark.parametrize("name", ["nested", "nested asks"])
async def test_a_subgraph_is_a_child_session(client: SessiongraphClient, name: str) -> None:
    seen = await go(client, name)
    (child,) = seen["children"]
    assert (child["kind"], child["title"]) == ("SUBAGENT", "agent")
    assert child["sessionId"].startswith("thread-1|agent:")
    assert [each["status"] for each in child["toolCalls"]["nodes"]] == ["SUCCEEDED", "FAILED"]
    assert child["moduleStates"]["nodes"][0]["moduleId"] == "langgraph"
    roles = [each["role"] for each in child["messages"]["nodes"]]
    assert roles[-4:] == ["ASSISTANT", "TOOL", "TOOL", "ASSISTANT"]
    said_in_root = [each["content"] for each in seen["messages"]]
    assert said_in_root[-2:] == ["Rain in Rome.", "Done."]
    assert (seen["inputTokens"], seen["treeUsage"]["inputTokens"]) == (0, 20)  # counted once
    if name == "nested asks":
        (asked,) = seen["confirmations"]
        assert (asked["status"], asked["userMessage"]) == ("CANCELLED", "Which city?")


async def test_messages_that_are_removed_stay_in_the_log(client: SessiongraphClient) -> None:
    seen = await go(client, "summarising")
    assert [each["content"] for each in seen["messages"]] == ["One", "In short: nothing.", "Two"]


async def test_messages_of_delta_channels_are_recorded(client: SessiongraphClient) -> None:
    seen = await go(client, "deltas")
    contents = [each["content"] for each in seen["messages"]]
    assert len(contents) == len(set(contents)) == 21
    assert contents[:6] == ["0", "left 1", "right 1", "1", "left 4", "right 4"]


async def put(
    saver: SessiongraphSaver, messages: list[AnyMessage], thread_id: str = "thread-1"
) -> None:
    config = await put_one(saver, messages, thread_id)
    found = await saver.aget_tuple(config)
    assert found is not None
    assert graphs.shown(found.checkpoint["channel_values"]["messages"]) == graphs.shown(messages)


ODD: dict[str, list[AnyMessage]] = {
    "a result without a call": [ToolMessage("x", tool_call_id="nowhere", id="1")],
    "a failure without a call": [ToolMessage("x", tool_call_id="n", status="error", id="1")],
    "the same call twice": [
        *(AIMessage("", tool_calls=[{"name": "t", "args": {}, "id": "c"}], id=i) for i in "12"),
        *(ToolMessage(i, tool_call_id="c", status="error", id=i) for i in "34"),
    ],
    "no tool name": [AIMessage("", tool_calls=[{"name": "", "args": {}, "id": ""}], id="1")],
    "NUL": [HumanMessage("a\0b", id="1\0", name="\0")],
    "a lone surrogate": [
        AIMessage(
            "a\ud800",
            id="\ud800",
            tool_calls=[{"name": "\ud800", "args": {"\ud800": "\ud800"}, "id": "\ud800"}],
        )
    ],
    "no number": [AIMessage("", id="1", additional_kwargs={"nan": float("nan"), "big": 2**80})],
    "nothing": [HumanMessage("", id="1"), HumanMessage("")],
    "parts": [HumanMessage([{"type": "text", "text": "a"}, {"type": "image", "url": "b"}], id="1")],
    "too long": [HumanMessage("x" * 4_000_001, id="1")],
    "a long id": [HumanMessage("x", id="i" * 1000)],
    "the same twice": [HumanMessage("x"), HumanMessage("x")],
    "a wrong call": [
        AIMessage(
            "",
            id="1",
            invalid_tool_calls=[
                {
                    "name": None,
                    "args": "{",
                    "id": None,
                    "error": "no JSON",
                    "type": "invalid_tool_call",
                }
            ],
        )
    ],
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_messages_are_stored_and_shown(client: SessiongraphClient, name: str) -> None:
    serde = JsonPlusSerializer(pickle_fallback=True)  # the rest is refused in memory as well
    saver = SessiongraphSaver(client, serde=serde)
    for _ in range(2):
        await put(saver, ODD[name])
    seen = await see(client)
    assert seen["messageCount"] == len(ODD[name])


@pytest.mark.parametrize(
    "thread_id", ["session_01h455vb4pex5vsknk084sn02q", "x" * 1000, "", " ", "a\0", "ü\ud800", "\\"]
)
async def test_odd_thread_ids(client: SessiongraphClient, thread_id: str) -> None:
    saver = SessiongraphSaver(client)
    await put(saver, [HumanMessage("x", id="1")], thread_id)
    (found,) = [each async for each in saver.alist(None)]
    assert found.config["configurable"]["thread_id"] == thread_id
    await saver.adelete_thread(thread_id)
    assert [each async for each in saver.alist(None)] == []


async def test_a_session_that_is_there_is_taken(client: SessiongraphClient) -> None:
    await client.record([{"createSession": {"sessionId": "thread-1", "title": "Mine"}}])
    saver = SessiongraphSaver(client)
    await put(saver, [HumanMessage("x", id="1")])
    seen = await see(client)
    assert (seen["title"], seen["messageCount"]) == ("Mine", 1)
    await saver.adelete_thread("thread-1")  # it was not made here, so it stays
    assert (await see(client))["title"] == "Mine"
    assert await saver.aget_tuple(CONFIG) is None


async def test_a_deleted_thread_leaves_nothing_and_can_begin_again(
    client: SessiongraphClient,
) -> None:
    await go(client, "nested")
    saver = SessiongraphSaver(client)
    await saver.adelete_thread("thread-1")
    assert await see(client) is None
    await put(saver, [HumanMessage("x", id="1")])
    assert (await see(client))["messageCount"] == 1


async def test_an_ended_session_still_takes_checkpoints(client: SessiongraphClient) -> None:
    saver = SessiongraphSaver(client)
    await put(saver, [HumanMessage("x", id="1")])
    await client.record([{"endSession": {"session": "thread-1"}}])
    graph = graphs.approval().compile(checkpointer=saver)
    await graph.ainvoke({"answers": []}, CONFIG)
    assert await graph.ainvoke(Command(resume="a"), CONFIG)
    assert (await see(client))["status"] == "COMPLETED"


async def test_two_writers_record_a_message_once(client: SessiongraphClient) -> None:
    messages: list[AnyMessage] = [HumanMessage(f"{number}", id=f"{number}") for number in range(20)]
    await asyncio.gather(*(put_one(SessiongraphSaver(client), messages) for _ in range(4)))
    seen = await see(client)
    assert [each["content"] for each in seen["messages"]] == [f"{number}" for number in range(20)]


async def put_one(
    saver: SessiongraphSaver, messages: list[AnyMessage], thread_id: str = "thread-1"
) -> Any:
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = {"messages": messages}
    versions: Any = {"messages": saver.get_next_version(None, None)}
    checkpoint["channel_versions"] = versions
    config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
    await saver.aput(config, checkpoint, {"source": "loop", "step": 0}, versions)
    return config


class Reversal(CipherProtocol):
    """No cipher, but not to be read either."""

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        return "reversal", plaintext[::-1]

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        return ciphertext[::-1]


async def test_what_is_encrypted_is_not_shown(client: SessiongraphClient) -> None:
    saver = SessiongraphSaver(client, serde=EncryptedSerializer(Reversal()))
    graph = graphs.chat(CHAT).compile(checkpointer=saver)
    result = await graph.ainvoke(said("Hi"), CONFIG)
    assert graphs.shown((await graph.aget_state(CONFIG)).values) == graphs.shown(result)
    seen = await see(client)
    assert (seen["source"], seen["messages"], seen["moduleStates"]) == ("langgraph", [], [])


async def test_a_large_value_is_kept_in_parts(client: SessiongraphClient) -> None:
    saver = SessiongraphSaver(client)
    await put(saver, [HumanMessage("x" * 12_000_000, id="1")])
    document = """query { sessionItems(first: 200, filter: {
      collection: { eq: "langgraph.parts" } }) { nodes { key } } }"""
    assert len((await client.query(document))["sessionItems"]["nodes"]) > 2
    await put(saver, [HumanMessage("y", id="2")])
    await saver.aprune(["thread-1"])
    assert (await client.query(document))["sessionItems"]["nodes"] == []


async def test_a_copied_thread_reads_as_its_source(client: SessiongraphClient) -> None:
    await go(client, "chat")
    saver = SessiongraphSaver(client)
    await saver.acopy_thread("thread-1", "thread-2")
    source, copied = await see(client), await see(client, "thread-2")
    assert [each["content"] for each in copied["messages"]] == [
        each["content"] for each in source["messages"]
    ]
    assert (copied["inputTokens"], copied["kind"]) == (0, "ROOT")  # it used nothing itself
    await saver.adelete_thread("thread-1")
    config: Any = {"configurable": {"thread_id": "thread-2"}}
    assert len([each async for each in saver.alist(config)]) == 8
    graph = graphs.chat(CHAT[:1]).compile(checkpointer=saver)
    result = await graph.ainvoke(said("And now?"), config)
    assert len(result["messages"]) == 9


async def test_pruning_keeps_what_delta_channels_need(client: SessiongraphClient) -> None:
    make, inputs = RUNS["deltas"]
    saver = SessiongraphSaver(client)
    graph = make().compile(checkpointer=saver)
    for given in inputs:
        await graph.ainvoke(given, CONFIG)
    before = (await graph.aget_state(CONFIG)).values
    count = len([each async for each in saver.alist(CONFIG)])
    await saver.aprune(["thread-1"])
    after = (await graph.aget_state(CONFIG)).values
    assert graphs.shown(after) == graphs.shown(before)
    assert 1 <= len([each async for each in saver.alist(CONFIG)]) <= count
    seen = await see(client)
    assert seen["messageCount"] == 21  # what people see stays
    await saver.aprune(["thread-1"], strategy="delete")
    assert await saver.aget_tuple(CONFIG) is None
    with pytest.raises(ValueError, match="no strategy"):
        await saver.aprune(["thread-1"], strategy="some")


async def test_pruning_sweeps_the_values_that_nothing_needs(client: SessiongraphClient) -> None:
    await go(client, "chat")
    saver = SessiongraphSaver(client)
    document = """query { sessionItems(first: 200, filter: {
      collection: { eq: "langgraph.values" } }) { nodes { key } } }"""
    before = len((await client.query(document))["sessionItems"]["nodes"])
    newest = await saver.aget_tuple(CONFIG)
    await saver.aprune(["thread-1"])
    after = len((await client.query(document))["sessionItems"]["nodes"])
    assert newest is not None
    assert after <= len(newest.checkpoint["channel_versions"]) < before
    assert await saver.aget_tuple(CONFIG) == newest


async def test_another_projects_key_finds_nothing(
    server: Server, client: SessiongraphClient
) -> None:
    await go(client, "approval")
    async with SessiongraphClient(server.url, api_key=server.make_key()) as stranger:
        saver = SessiongraphSaver(stranger)
        assert await saver.aget_tuple(CONFIG) is None
        assert [each async for each in saver.alist(None)] == []
        await saver.adelete_thread("thread-1")
    assert await SessiongraphSaver(client).aget_tuple(CONFIG) is not None


async def test_a_killed_server_loses_nothing_of_a_run(own_server: Server) -> None:
    port = int(own_server.url.rpartition(":")[2])
    async with SessiongraphClient(own_server.url) as client:
        graph = graphs.chat(CHAT).compile(checkpointer=SessiongraphSaver(client))
        await graph.ainvoke(said("Hi"), CONFIG)
        running = asyncio.create_task(graph.ainvoke(said("The weather in Rome?"), CONFIG))
        await asyncio.to_thread(own_server.kill)
        own_server.process = start(own_server.environment, port).process
        result = await running
        assert graphs.shown((await graph.aget_state(CONFIG)).values) == graphs.shown(result)
        seen = await see(client)
        assert (seen["messageCount"], seen["toolCallCount"]) == (7, 2)
