"""Real runs of the OpenAI Agents SDK, with its scripted model: what they keep, and what is seen."""

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
    approved,
]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("with_hooks", [True, False])
async def test_a_run_goes_and_is_kept_as_with_sqlite(
    client: SessiongraphClient,
    run: Callable[[Session, Any], Awaitable[list[Any]]],
    with_hooks: bool,
) -> None:
    ours, theirs = SessiongraphSession("s", client), SQLiteSession("s")
    given = [await run(ours, ours.hooks if with_hooks else None), await run(theirs, None)]
    assert json.dumps(given[0]) == json.dumps(given[1])
    assert await ours.get_items() == await theirs.get_items()
    seen = await look(client, "s")
    assert seen["integrity"] == {"callsWithoutResultCount": 0, "resultsWithoutCallCount": 0}
