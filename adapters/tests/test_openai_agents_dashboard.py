"""What a dashboard sees of the OpenAI Agents SDK's runs, and what it decides."""

import asyncio
from typing import Any

import pytest
from agents import (
    GuardrailFunctionOutput,
    OutputGuardrail,
    Runner,
    SQLiteSession,
    function_tool,
)
from agents.memory import OpenAIResponsesCompactionSession
from agents.testing import ModelStep
from openai.types.responses import ResponseCompactionItem
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.openai_agents import SessiongraphSession
from sessiongraph_client.openai_agents.approvals import call_id_of_approval

from tests.conftest import Server, start
from tests.openai_agents_runs import calls, look, refund, says, scripted, usage, weather

DECIDE = """mutation Decide($input: DecideConfirmationInput!) {
  decideConfirmation(input: $input) { confirmation { status } }
}"""


def passes(*_: Any) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput(output_info="yes", tripwire_triggered=False)


async def statuses(client: SessiongraphClient, session: str) -> dict[str, Any]:
    """Give the status of each tool call and of its confirmation, by the call's id."""
    seen = await look(client, session)
    nodes = [seen, *seen["descendants"]["nodes"]]
    made = [
        call
        for node in nodes
        for message in node["messages"]["nodes"]
        for call in message["toolCalls"]["nodes"]
    ]
    assert len({call["toolCallId"] for call in made}) == len(made), made
    return {
        call["toolCallId"]: (call["status"], (call.get("confirmation") or {}).get("status"))
        for call in made
    }


async def test_messages_have_the_agent_the_model_and_the_tokens(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client, agent="Helper", user_id="ann")
    first = ModelStep(
        output=[*says("I look"), *calls("a", "b")], usage=usage(10, 5), response_id="r-1"
    )
    second = ModelStep(output=says("Sunny"), usage=usage(30, 7), response_id="r-2")
    agent = scripted("Helper", [first, second], tools=[weather])
    await Runner.run(agent, "Weather?", session=session, hooks=session.hooks)
    seen = await look(client, "s")
    assert (seen["inputTokens"], seen["outputTokens"], seen["agent"]) == (
        40,
        12,
        {"agentId": "Helper"},
    )
    said = [
        (node["role"], node["name"], node["responseId"], node["inputTokens"], node["outputTokens"])
        for node in seen["messages"]["nodes"]
    ]
    assert said == [
        ("USER", None, None, None, None),
        ("ASSISTANT", "Helper", "r-1", 10, 5),
        ("TOOL", "weather", None, None, None),
        ("TOOL", "weather", None, None, None),
        ("ASSISTANT", "Helper", "r-2", 30, 7),
    ]


async def test_the_tokens_of_an_agent_as_a_tool_are_its_own_session_s(
    client: SessiongraphClient,
) -> None:
    session = SessiongraphSession("s", client)
    inner = scripted("Inner", [ModelStep(output=says("deep"), usage=usage(1, 2))])
    middle = scripted(
        "Middle",
        [
            ModelStep(output=calls("i", tool="inner", input="?"), usage=usage(10, 20)),
            ModelStep(output=says("so"), usage=usage(100, 200)),
        ],
        tools=[inner.as_tool("inner", "Ask", hooks=session.hooks)],
    )
    outer = scripted(
        "Outer",
        [
            ModelStep(output=calls("m", tool="middle", input="?"), usage=usage(1000, 2000)),
            ModelStep(output=says("Done"), usage=usage(10000, 20000)),
        ],
        tools=[middle.as_tool("middle", "Ask", hooks=session.hooks)],
    )
    await Runner.run(outer, "Go", session=session, hooks=session.hooks)
    data = await client.query(
        """{ session(id: "s") { inputTokens treeUsage { inputTokens } descendants {
          nodes { title kind depth inputTokens spawnedByToolCall { toolCallId } } } } }"""
    )
    assert data["session"]["inputTokens"] == 11000
    assert data["session"]["treeUsage"] == {"inputTokens": 11111}
    found = {node.pop("title"): node for node in data["session"]["descendants"]["nodes"]}
    middle_seen = {"kind": "SUBAGENT", "depth": 1, "inputTokens": 110}
    assert found["Middle"] == {**middle_seen, "spawnedByToolCall": {"toolCallId": "m"}}
    assert found["Inner"] == {
        "kind": "SUBAGENT",
        "depth": 2,
        "inputTokens": 1,
        "spawnedByToolCall": {"toolCallId": "i"},
    }


@pytest.mark.parametrize("decision", ["APPROVED", "DENIED", "EDITED", None])
async def test_what_a_dashboard_decides_is_in_the_run_that_another_process_resumes(
    client: SessiongraphClient, decision: str | None
) -> None:
    agent = scripted("Helper", [calls("r", tool="refund", euros=20), says("Done")], tools=[refund])
    session = SessiongraphSession("s", client)
    result = await Runner.run(agent, "Refund", session=session)
    [confirmation] = await session.save_run(result)
    seen = await look(client, "s")
    assert seen["status"] == "WAITING"
    assert await statuses(client, "s") == {"r": ("AWAITING_CONFIRMATION", "PENDING")}

    given: dict[str, Any] = {"decision": decision, "reason": "Not without a receipt"}
    if decision == "EDITED":
        given = {"decision": "APPROVED", "editedArguments": {"euros": 10}}
    if decision is not None:
        await client.mutate(DECIDE, confirmation=confirmation, **given)
    session = SessiongraphSession("s", client)
    state = await session.load_run(agent)
    assert state is not None
    result = await Runner.run(agent, state, session=session)
    if decision is None:
        assert await session.save_run(result) == [confirmation]
        return
    assert await session.save_run(result) == []
    assert await session.load_run(agent) is None
    assert result.final_output == "Done"
    items: list[Any] = await session.get_items()
    [output] = [item for item in items if item.get("type") == "function_call_output"]
    told = {
        "APPROVED": "Gave back 20 euros",
        "DENIED": "Not without a receipt",
        "EDITED": 'Call it with these arguments instead: {"euros": 10}',
    }
    assert output["output"] == told[decision]
    ended = ("DENIED", "DENIED") if decision == "DENIED" else ("SUCCEEDED", "APPROVED")
    assert await statuses(client, "s") == {"r": ended}
    assert (await look(client, "s"))["status"] == "ACTIVE"


async def test_what_the_runtime_decides_is_told(client: SessiongraphClient) -> None:
    steps = [calls("r1", "r2", "r3", tool="refund", euros=5), says("Done")]
    agent = scripted("Helper", steps, tools=[refund])
    session = SessiongraphSession("s", client)
    result = await Runner.run(agent, "Refund", session=session, hooks=session.hooks)
    assert len(await session.save_run(result)) == 3
    decide: dict[str | None, bool] = {"r1": True, "r2": False}
    for _ in range(2):
        state = result.to_state()
        for each in state.get_interruptions():
            call_id = call_id_of_approval(each)
            if decide.get(call_id) is True:
                state.approve(each)
            elif decide.get(call_id) is False:
                state.reject(each, rejection_message="Not twice")
        result = await Runner.run(agent, state, session=session, hooks=session.hooks)
        waiting = await session.save_run(result)
        decide = {"r3": True}
        if waiting:
            assert await statuses(client, "s") == {
                "r1": ("SUCCEEDED", "APPROVED"),
                "r2": ("DENIED", "DENIED"),
                "r3": ("AWAITING_CONFIRMATION", "PENDING"),
            }
    assert (waiting, result.final_output) == ([], "Done")
    assert await statuses(client, "s") == {
        "r1": ("SUCCEEDED", "APPROVED"),
        "r2": ("DENIED", "DENIED"),
        "r3": ("SUCCEEDED", "APPROVED"),
    }
    reasons = [
        (call["confirmation"] or {}).get("reason")
        for message in (await look(client, "s"))["messages"]["nodes"]
        for call in message["toolCalls"]["nodes"]
    ]
    assert reasons == [None, "Not twice", None]


async def test_a_call_that_the_framework_withholds_is_asked_for_and_recorded_once(
    client: SessiongraphClient,
) -> None:
    def make() -> Any:
        return scripted(
            "Helper",
            [calls("r", tool="refund", euros=5)],
            tools=[refund],
            output_guardrails=[OutputGuardrail(passes)],
            tool_use_behavior="stop_on_first_tool",
        )

    ours, theirs = SessiongraphSession("s", client), SQLiteSession("s")
    agent = make()
    result = await Runner.run(agent, "Refund", session=theirs)
    state = result.to_state()
    state.approve(state.get_interruptions()[0])
    await Runner.run(agent, state, session=theirs)

    agent = make()
    result = await Runner.run(agent, "Refund", session=ours)
    assert len(await ours.get_items()) == 1
    await ours.save_run(result)
    assert await statuses(client, "s") == {"r": ("AWAITING_CONFIRMATION", "PENDING")}
    ours = SessiongraphSession("s", client)
    loaded = await ours.load_run(agent)
    assert loaded is not None
    loaded.approve(loaded.get_interruptions()[0])
    result = await Runner.run(agent, loaded, session=ours)
    assert result.final_output == "Gave back 5 euros"
    assert await ours.get_items() == await theirs.get_items()
    assert await statuses(client, "s") == {"r": ("SUCCEEDED", "APPROVED")}


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_an_approval_within_an_agent_as_a_tool(
    client: SessiongraphClient, elsewhere: bool
) -> None:
    session = SessiongraphSession("s", client)
    clerk = scripted("Clerk", [calls("r", tool="refund", euros=5), says("Given")], tools=[refund])
    agent = scripted(
        "Helper",
        [calls("c", tool="clerk", input="5 euros"), says("Done")],
        tools=[clerk.as_tool("clerk", "Ask", hooks=session.hooks)],
    )
    result = await Runner.run(agent, "Refund", session=session, hooks=session.hooks)
    [confirmation] = await session.save_run(result)
    assert await statuses(client, "s") == {
        "c": ("PENDING", None),
        "r": ("AWAITING_CONFIRMATION", "PENDING"),
    }
    await client.mutate(DECIDE, confirmation=confirmation, decision="APPROVED")
    if elsewhere:
        session = SessiongraphSession("s", client)
        agent.tools = [clerk.as_tool("clerk", "Ask", hooks=session.hooks)]
    state = await session.load_run(agent)
    assert state is not None
    result = await Runner.run(agent, state, session=session, hooks=session.hooks)
    assert await session.save_run(result) == []
    assert result.final_output == "Done"
    assert await statuses(client, "s") == {
        "c": ("SUCCEEDED", None),
        "r": ("SUCCEEDED", "APPROVED"),
    }
    seen = await look(client, "s")
    assert seen["integrity"] == {"callsWithoutResultCount": 0, "resultsWithoutCallCount": 0}
    levels = [seen, *seen["descendants"]["nodes"]]
    said = [node["content"] for level in levels for node in level["messages"]["nodes"]]
    assert said.count("Gave back 5 euros") == 1


async def test_a_handoff_goes_on_in_its_session_after_an_approval(
    client: SessiongraphClient,
) -> None:
    billing = scripted(
        "Billing", [calls("r", tool="refund", euros=5), says("Paid")], tools=[refund]
    )
    triage = scripted("Triage", [calls("t", tool="transfer_to_billing")], handoffs=[billing])
    session = SessiongraphSession("s", client)
    result = await Runner.run(triage, "Pay", session=session)
    await session.save_run(result)
    session = SessiongraphSession("s", client)
    state = await session.load_run(triage)
    assert state is not None
    state.approve(state.get_interruptions()[0])
    result = await Runner.run(triage, state, session=session)
    assert await session.save_run(result) == []
    seen = await look(client, "s")
    [child] = seen["descendants"]["nodes"]
    assert (child["kind"], child["title"], child["agent"]) == (
        "HANDOFF",
        "Billing",
        {"agentId": "Billing"},
    )
    assert [message["content"] for message in child["messages"]["nodes"]] == [
        None,
        "Gave back 5 euros",
        "Paid",
    ]
    assert [message["role"] for message in seen["messages"]["nodes"]] == [
        "USER",
        "ASSISTANT",
        "TOOL",
    ]


async def test_what_is_popped_is_taken_back_from_the_messages(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    steps = [[*says("I look"), *calls("a", "b")], says("Sunny")]
    await Runner.run(scripted("Helper", steps, tools=[weather]), "Weather?", session=session)

    async def contents() -> list[Any]:
        return [node["content"] for node in (await look(client, "s"))["messages"]["nodes"]]

    told = ["Weather?", "I look", "Sunny in Bonn", "Sunny in Bonn", "Sunny"]
    for left in (4, 3, 2, 2, 2, 1, 0, 0):
        assert await contents() == told[: len(await contents())]
        await session.pop_item()
        assert await contents() == told[:left]
    await Runner.run(scripted("Helper", [says("Hello")]), "Hi", session=session)
    assert await contents() == ["Hi", "Hello"]


async def test_a_call_that_is_popped_before_it_ran_is_cancelled(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    made: list[Any] = [
        {"type": "function_call", "call_id": each, "name": "f", "arguments": "{}"} for each in "ab"
    ]
    await session.add_items(made)
    await session.pop_item()
    assert await statuses(client, "s") == {"a": ("PENDING", None), "b": ("CANCELLED", None)}
    await session.pop_item()
    assert await statuses(client, "s") == {}


async def test_what_is_cleared_stays_told(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    await Runner.run(scripted("Helper", [says("Hello")]), "Hi", session=session)
    await session.clear_session()
    await session.clear_session()
    assert await session.get_items() == []
    seen = await look(client, "s")
    assert [node["content"] for node in seen["messages"]["nodes"]] == ["Hi", "Hello"]
    types = [event["eventType"] for event in seen["events"]["nodes"]]
    assert types.count("openai_agents.cleared") == 1


class Compactor:
    """OpenAI's compaction of responses, as its client offers it."""

    def __init__(self) -> None:
        self.responses = self
        self.asked: list[Any] = []

    async def compact(self, **asked: Any) -> Any:
        self.asked.append(asked)
        item = ResponseCompactionItem(id="c", encrypted_content="short", type="compaction")
        return type(
            "Compacted", (), {"output": [{"role": "user", "content": "Hi"}, item], "usage": None}
        )


async def test_a_compacted_history_is_kept_and_tells_no_message_twice(
    client: SessiongraphClient,
) -> None:
    kept: list[Any] = []
    for underlying in (SessiongraphSession("s", client), SQLiteSession("s")):
        session = OpenAIResponsesCompactionSession(
            "s",
            underlying,
            client=Compactor(),  # type: ignore[arg-type]
            compaction_mode="input",
            should_trigger_compaction=lambda _: True,
        )
        agent = scripted("Helper", [says("Hello"), says("Bye")])
        await Runner.run(agent, "Hi", session=session)
        await session.run_compaction({"force": True})
        await Runner.run(agent, "See you", session=session)
        kept.append(await underlying.get_items())
    assert kept[0] == kept[1]
    assert any(item.get("type") == "compaction" for item in kept[0])
    seen = await look(client, "s")
    assert [node["content"] for node in seen["messages"]["nodes"]] == [
        "Hi",
        "Hello",
        "See you",
        "Bye",
    ]


async def test_a_server_that_is_killed_in_a_run_loses_nothing_of_it(own_server: Server) -> None:
    port = int(own_server.url.rpartition(":")[2])

    @function_tool
    async def restart() -> str:
        await asyncio.to_thread(own_server.kill)
        started = asyncio.create_task(asyncio.to_thread(start, own_server.environment, port))
        starting.append(started)
        return "restarted"

    starting: list[asyncio.Task[Server]] = []
    steps = [calls("a", tool="restart", x=1), calls("b", tool="restart", x=1), says("Done")]
    async with SessiongraphClient(own_server.url) as client:
        ours = SessiongraphSession("s", client)
        agent = scripted("Helper", steps[:1] + steps[2:], tools=[restart])
        result = await Runner.run(agent, "Go", session=ours, hooks=ours.hooks)
        own_server.process = (await starting[0]).process
        assert result.final_output == "Done"
        assert len(await ours.get_items()) == 4
        contents = [node["content"] for node in (await look(client, "s"))["messages"]["nodes"]]
        assert contents == ["Go", None, "restarted", "Done"]
