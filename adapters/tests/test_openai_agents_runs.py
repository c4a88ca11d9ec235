"""Real runs of the OpenAI Agents SDK, with its scripted model: what they keep, and what is seen."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrail,
    InputGuardrailTripwireTriggered,
    OutputGuardrail,
    OutputGuardrailTripwireTriggered,
    RunConfig,
    Runner,
    SQLiteSession,
    handoff,
)
from agents.memory import Session, SessionSettings
from agents.run_internal.session_persistence import rewind_session_items
from agents.testing import ScriptedModel
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.openai_agents import SessiongraphSession
from sessiongraph_client.openai_agents.approvals import call_id_of_approval

from tests.openai_agents_runs import calls, look, refund, says, scripted, weather


def trip(*_: Any) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput(output_info="no", tripwire_triggered=True)


def inputs_of(agent: Agent[Any]) -> list[Any]:
    """Give what the agent's model was asked, call by call."""
    assert isinstance(agent.model, ScriptedModel)
    return [call.input for call in agent.model.calls]


async def talk(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [says("Hello"), says("Bye")])
    first = await Runner.run(agent, "Hi", session=session, hooks=hooks)
    second = await Runner.run(agent, "See you", session=session, hooks=hooks)
    return [first.final_output, second.final_output, inputs_of(agent)]


async def parallel_calls(session: Session, hooks: Any) -> list[Any]:
    steps = [[*says("Let me see"), *calls("a", "b")], says("Sunny")]
    agent = scripted("Helper", steps, tools=[weather])
    result = await Runner.run(agent, "Weather?", session=session, hooks=hooks)
    return [result.final_output, inputs_of(agent)]


async def streamed(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [calls("a", "b"), says("Sunny")], tools=[weather])
    result = Runner.run_streamed(agent, "Weather?", session=session, hooks=hooks)
    kinds = [event.type async for event in result.stream_events()]
    return [result.final_output, kinds, inputs_of(agent)]


async def handed_over(session: Session, hooks: Any) -> list[Any]:
    billing = scripted("Billing", [calls("b", city="Rome"), says("Paid")], tools=[weather])
    triage = scripted(
        "Triage", [calls("t", tool="transfer_to_billing"), says("Again?")], handoffs=[billing]
    )
    first = await Runner.run(triage, "Pay", session=session, hooks=hooks)
    second = await Runner.run(triage, "And now?", session=session, hooks=hooks)
    return [first.final_output, second.final_output]


async def handed_back(session: Session, hooks: Any) -> list[Any]:
    triage: Agent[Any] = Agent(name="Triage")
    billing = scripted("Billing", [calls("b", tool="back", reason="x")])
    billing.handoffs = [handoff(triage, tool_name_override="back")]
    triage.handoffs = [billing]
    triage.model = ScriptedModel([calls("t", tool="transfer_to_billing"), says("Here again")])
    result = await Runner.run(triage, "Pay", session=session, hooks=hooks)
    return [result.final_output]


async def agents_as_tools(session: Session, hooks: Any) -> list[Any]:
    expert = scripted("Expert", [calls("e"), says("42"), says("43")], tools=[weather])
    tool = expert.as_tool("ask_expert", "Ask", hooks=hooks)
    steps = [calls("x", tool="ask_expert", input="How much?"), says("It is 42")]
    steps += [calls("y", tool="ask_expert", input="More?"), says("It is 43")]
    agent = scripted("Helper", steps, tools=[tool])
    first = await Runner.run(agent, "How much?", session=session, hooks=hooks)
    second = await Runner.run(agent, "More?", session=session, hooks=hooks)
    return [first.final_output, second.final_output]


async def tripped_at_the_input(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [says("never")], input_guardrails=[InputGuardrail(trip)])
    with pytest.raises(InputGuardrailTripwireTriggered):
        await Runner.run(agent, "Bad", session=session, hooks=hooks)
    return []


async def tripped_at_the_output(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [says("secret")], output_guardrails=[OutputGuardrail(trip)])
    with pytest.raises(OutputGuardrailTripwireTriggered):
        await Runner.run(agent, "Tell", session=session, hooks=hooks)
    return []


async def failing(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [calls("a"), OSError("away"), says("Sunny")], tools=[weather])
    with pytest.raises(OSError, match="away"):
        await Runner.run(agent, "Weather?", session=session, hooks=hooks)
    result = await Runner.run(agent, "Again", session=session, hooks=hooks)
    return [result.final_output]


async def limited(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [says(f"{number}") for number in range(5)])
    config = RunConfig(session_settings=SessionSettings(limit=3))
    for number in range(5):
        await Runner.run(agent, f"{number}?", session=session, hooks=hooks, run_config=config)
    return [inputs_of(agent)]


async def streamed_and_approved(session: Session, hooks: Any) -> list[Any]:
    clerk = scripted("Clerk", [calls("r", tool="refund", euros=5), says("Given")], tools=[refund])
    agent = scripted("Helper", [calls("t", tool="transfer_to_clerk")], handoffs=[clerk])
    first = Runner.run_streamed(agent, "Refund", session=session, hooks=hooks)
    async for _ in first.stream_events():
        pass
    state = first.to_state()
    state.approve(state.get_interruptions()[0])
    second = Runner.run_streamed(agent, state, session=session, hooks=hooks)
    kinds = [event.type async for event in second.stream_events()]
    return [second.final_output, kinds]


async def streamed_and_tripped(session: Session, hooks: Any) -> list[Any]:
    steps = [calls("a"), says("secret")]
    guardrails = [OutputGuardrail(trip)]
    agent = scripted("Helper", steps, tools=[weather], output_guardrails=guardrails)
    result = Runner.run_streamed(agent, "Tell", session=session, hooks=hooks)
    with pytest.raises(OutputGuardrailTripwireTriggered):
        async for _ in result.stream_events():
            pass
    return []


async def rewound(session: Session, hooks: Any) -> list[Any]:
    agent = scripted("Helper", [calls("a"), says("Sunny")], tools=[weather])
    await Runner.run(agent, "Weather?", session=session, hooks=hooks)
    tail = await session.get_items(limit=3)
    await rewind_session_items(session, tail)
    await rewind_session_items(session, [{"role": "user", "content": "another"}])
    return [await session.get_items()]


async def approved(session: Session, hooks: Any) -> list[Any]:
    agent = scripted(
        "Helper",
        [[*calls("r1", "r2", tool="refund", euros=5), *calls("w")], says("Done")],
        tools=[refund, weather],
    )
    result = await Runner.run(agent, "Refund", session=session, hooks=hooks)
    state = result.to_state()
    for each in state.get_interruptions():
        if call_id_of_approval(each) == "r1":
            state.approve(each)
        else:
            state.reject(each, rejection_message="Not twice")
    result = await Runner.run(agent, state, session=session, hooks=hooks)
    return [result.final_output]


RUNS: list[Callable[[Session, Any], Awaitable[list[Any]]]] = [
    talk,
    parallel_calls,
    streamed,
    handed_over,
    handed_back,
    agents_as_tools,
    tripped_at_the_input,
    tripped_at_the_output,
    failing,
    limited,
    streamed_and_approved,
    streamed_and_tripped,
    rewound,
    approved,
]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("with_hooks", [True, False])
async def test_a_run_goes_and_is_kept_as_with_sqlite(
    client: SessiongraphClient,
    run: Callable[[Session, Any], Awaitable[list[Any]]],
    with_hooks: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours, theirs = SessiongraphSession("s", client), SQLiteSession("s")
    given = [await run(ours, ours.hooks if with_hooks else None), await run(theirs, None)]
    assert json.dumps(given[0]) == json.dumps(given[1])
    assert await ours.get_items() == await theirs.get_items()
    seen = await look(client, "s")
    assert [each for each in caplog.records if each.name.startswith("sessiongraph_client")] == []
    assert seen["integrity"] == {"callsWithoutResultCount": 0, "resultsWithoutCallCount": 0}


async def test_runs_at_once_keep_all_their_items(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)

    async def run(number: int) -> None:
        steps = [calls(f"{number}a", f"{number}b"), says(f"Sunny {number}")]
        agent = scripted(f"Helper {number}", steps, tools=[weather])
        await Runner.run(agent, f"Weather {number}?", session=session, hooks=session.hooks)

    await asyncio.gather(*(run(number) for number in range(5)))
    assert len(await session.get_items()) == 5 * 6
    seen = await look(client, "s")
    assert len(seen["messages"]["nodes"]) == 5 * 5
    assert seen["integrity"]["resultsWithoutCallCount"] == 0
    names = {node["content"]: node["name"] for node in seen["messages"]["nodes"]}
    for number in range(5):
        assert names[f"Sunny {number}"] == f"Helper {number}"


async def test_a_session_that_has_ended_takes_what_is_said_after(
    client: SessiongraphClient,
) -> None:
    session = SessiongraphSession("s", client)
    agent = scripted("Helper", [says("Hello"), says("Bye")])
    await Runner.run(agent, "Hi", session=session)
    await client.record([{"endSession": {"session": "s"}}])
    await Runner.run(agent, "Still there?", session=session)
    assert len(await session.get_items()) == 4
    contents = [node["content"] for node in (await look(client, "s"))["messages"]["nodes"]]
    assert contents == ["Hi", "Hello", "Still there?", "Bye"]
