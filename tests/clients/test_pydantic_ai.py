"""A real instrumented agent sends its spans, and a dashboard reads what it did."""

import json
from typing import Any

import httpx2
import pytest

from tests.clients.programs import run
from tests.exchange.spans.stored import said, stored_session
from tests.graphql_client import GraphQLClient

GRAMS = {"parcel": "JX-2041", "grams": 420}
BRIEF = ("SYSTEM", "Be brief.")


async def run_agent(address: str, conversation: str, **options: Any) -> dict[str, Any]:
    """Let the agent have its conversation, and read it."""
    task = {"version": 5, "content": True, "batch": 100, **options, "conversation": conversation}
    run(
        "pydantic_ai",
        ".venv/bin/python",
        "agent.py",
        json.dumps({"url": f"{address}/v1/traces", **task}),
    )
    async with httpx2.AsyncClient(base_url=address) as http:
        return await stored_session(GraphQLClient(http), conversation)


def turn(question: str) -> list[tuple[str, str | None]]:
    results = json.dumps([GRAMS, "three", "There is no wax."])
    return [
        ("USER", question),
        ("ASSISTANT", "I shall weigh and count."),
        ("TOOL", '{"parcel":"JX-2041","grams":420}'),
        ("TOOL", "three"),
        ("TOOL", "There is no wax."),
        ("ASSISTANT", results),
    ]


@pytest.mark.parametrize(
    "options",
    [{"version": 2}, {"version": 3}, {"version": 5}, {"version": 6}, {"batch": 1}],
    ids=str,
)
async def test_what_an_agent_did_is_recorded(address: str, options: dict[str, Any]) -> None:
    conversation = await run_agent(address, f"pydantic-ai {options}", **options)
    assert conversation["messages"] == []
    first, second = conversation["runs"]
    assert said(first) == [BRIEF, *turn("What is there?")]
    assert said(second) == turn("And now?")
    for number, each in enumerate((first, second), start=1):
        check_run(each, number)
        (counter,) = each["runs"]
        assert said(counter) == [
            ("SYSTEM", "Count."),
            ("USER", "How many parcels?"),
            ("ASSISTANT", "three"),
        ]
        assert counter["spawnedByToolCall"] == {"toolCallId": f"count-{number}"}


def check_run(recorded: dict[str, Any], number: int) -> None:
    """Check what is known of a turn with or without its content."""
    assert recorded["agent"] == {"agentId": "clerk", "name": "clerk"}
    assert recorded["status"] == "COMPLETED"
    assert (recorded["toolCallCount"], recorded["failedToolCallCount"]) == (3, 1)
    answers = [message for message in recorded["messages"] if message["role"] == "ASSISTANT"]
    assert all(message["provider"] == "function" for message in answers)
    assert all(message["inputTokens"] > 0 for message in answers)
    assert sum(message["inputTokens"] for message in answers) == recorded["inputTokens"]
    calls = {call["toolCallId"]: call for call in answers[0]["toolCalls"]}
    assert list(calls) == [f"weigh-{number}", f"count-{number}", f"seal-{number}"]
    assert [call["status"] for call in calls.values()] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    assert recorded["integrity"] == {"callsWithoutResultCount": 0, "resultsWithoutCallCount": 0}
    (counter,) = recorded["runs"]
    assert counter["agent"] == {"agentId": "counter", "name": "counter"}
    assert calls[f"count-{number}"]["childSession"]["sessionId"] == counter["sessionId"]


async def test_an_agent_that_tells_no_content_is_counted(address: str) -> None:
    conversation = await run_agent(address, "pydantic-ai without content", content=False)
    first, second = conversation["runs"]
    for number, each in enumerate((first, second), start=1):
        check_run(each, number)
        assert {content for _, content in said(each)} == {None}
    assert len(first["messages"]) == len(second["messages"]) + 1
