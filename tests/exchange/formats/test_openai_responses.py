"""Responses of OpenAI's Responses API."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.exchange.taken import read_session, take_file, write_lines
from tests.graphql_client import GraphQLClient


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "responses.jsonl"


def response(number: int, *output: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Make a response as the API gives it, a second after the one before."""
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1_780_000_000 + number,
        "completed_at": 1_780_000_000 + number,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-5.6-2026-03-05",
        "output": list(output),
        "parallel_tool_calls": True,
        "previous_response_id": None if number == 0 else f"resp_{number - 1}",
        "usage": {
            "input_tokens": 120,
            "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 5},
            "output_tokens": 30,
            "output_tokens_details": {"reasoning_tokens": 20},
            "total_tokens": 150,
        },
        **values,
    }


def said(content: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": content, "annotations": []}
    return {
        "id": f"msg_{content}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }


def called(call_id: str, arguments: str) -> dict[str, Any]:
    return {
        "id": f"fc_{call_id}",
        "type": "function_call",
        "call_id": call_id,
        "name": "look",
        "arguments": arguments,
        "status": "completed",
    }


def output(call_id: str, told: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": told}


REASONING = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA="}
ASKED = response(
    0,
    REASONING,
    called("call_a", '{ "city":"Zürich \\u2600" }'),
    called("call_b", '{"city":"Paris"}'),
    input="Weather? 🌦",
    instructions="Be brief.",
)
ANSWERED = response(
    1,
    said("Sunny in both."),
    input=[output("call_b", "sunny"), output("call_a", [{"type": "input_text", "text": "hot"}])],
    instructions="Be brief.",
)


async def test_a_chain_of_responses_is_a_session(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    write_lines(file, ANSWERED, ASKED)  # the newest first, as the API lists them
    (imported,) = await take_file(engine, file)
    assert (imported.messages, imported.tool_calls, imported.is_new) == (6, 2, True)
    session = await read_session(graphql, "resp_0")
    assert session["status"] == "COMPLETED"
    assert session["startedAt"] == "2026-05-28T20:26:40Z"
    assert session["endedAt"] == "2026-05-28T20:26:41Z"
    messages = session["messages"]
    assert [(each["role"], each["content"]) for each in messages] == [
        ("SYSTEM", "Be brief."),
        ("USER", "Weather? 🌦"),
        ("ASSISTANT", None),
        ("TOOL", "sunny"),
        ("TOOL", "hot"),
        ("ASSISTANT", "Sunny in both."),
    ]
    asked = messages[2]
    assert asked["parts"] == ASKED["output"]
    assert asked["responseId"] == "resp_0"
    assert asked["provider"] == "openai"
    assert asked["responseModel"] == "gpt-5.6-2026-03-05"
    assert asked["finishReasons"] == ["completed"]
    assert asked["inputTokens"] == 120
    assert asked["cacheReadInputTokens"] == 100
    assert asked["cacheCreationInputTokens"] == 5
    assert asked["outputTokens"] == 30
    assert asked["reasoningOutputTokens"] == 20
    assert [(each["toolCallId"], each["result"]) for each in asked["toolCalls"]] == [
        ("call_a", "hot"),
        ("call_b", "sunny"),
    ]
    assert session["usage"]["inputTokens"] == 240
    async with engine.connect() as connection:
        stored = await connection.execute(text("SELECT arguments::text FROM tool_calls"))
        assert '{ "city":"Zürich \\u2600" }' in stored.scalars().all()


async def test_taking_it_in_twice_adds_nothing_and_what_is_new_is_added(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    lines = [response(0, said("A"), input="a"), response(1, said("B"), input="b")]
    named = [{**line, "conversation": {"id": "conv_1"}} for line in lines]
    later = {**response(2, said("C"), input="c"), "conversation": {"id": "conv_1"}}
    write_lines(file, *named)
    assert [each.messages for each in await take_file(engine, file)] == [4]
    assert [each.messages for each in await take_file(engine, file)] == [0]
    write_lines(file, named[1], later)  # an export of a later time overlaps
    for expected in (2, 0):
        (imported,) = await take_file(engine, file)
        assert (imported.messages, imported.is_new, imported.refusal) == (expected, False, None)
    session = await read_session(graphql, "conv_1")
    assert [each["content"] for each in session["messages"]] == ["a", "A", "b", "B", "c", "C"]


async def test_a_history_that_is_sent_again_is_recorded_once(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    """As a caller that stores nothing at OpenAI does: it sends all items with each request."""
    first = [{"role": "user", "content": "yes"}]
    second = [
        *first,
        REASONING,
        called("c", "{}"),
        output("c", ""),
        {"role": "user", "content": "yes"},
    ]
    lines = [
        {"session_id": "s", "request": {"model": "gpt-5.6", "input": told}, "response": answer}
        for told, answer in (
            (first, response(0, REASONING, called("c", "{}"))),
            (second, response(1, said("Good."), previous_response_id=None)),
        )
    ]
    write_lines(file, *lines)
    await take_file(engine, file)
    messages = (await read_session(graphql, "s"))["messages"]
    assert [(each["role"], each["content"]) for each in messages] == [
        ("USER", "yes"),
        ("ASSISTANT", None),
        ("TOOL", ""),
        ("USER", "yes"),
        ("ASSISTANT", "Good."),
    ]
    assert messages[4]["requestModel"] == "gpt-5.6"


async def test_tools_that_openai_runs_bring_their_results(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    items: list[dict[str, Any]] = [
        {"id": "ws_1", "type": "web_search_call", "status": "completed"}
        | {"action": {"type": "search", "query": "q"}},
        {"id": "ci_1", "type": "code_interpreter_call", "status": "failed", "code": "1/0"}
        | {"container_id": "cntr_1", "outputs": None},
        {"id": "mcp_1", "type": "mcp_call", "name": "roll", "server_label": "dice"}
        | {"arguments": '{"n": 2}', "output": "4", "error": None},
        {"id": "mcp_2", "type": "mcp_call", "name": "roll", "server_label": "dice"}
        | {"arguments": "", "error": {"type": "http_error", "code": 500, "message": "Down"}},
        {"id": "x_1", "type": "a_thing_of_the_future", "content": {"odd": True}},
        said("") | {"content": [{"type": "refusal", "refusal": "No."}]},
    ]
    write_lines(
        file,
        response(0, *items, status="incomplete", usage=None)
        | {"incomplete_details": {"reason": "max_output_tokens"}},
    )
    await take_file(engine, file)
    (message,) = (await read_session(graphql, "resp_0"))["messages"]
    assert message["parts"] == items
    assert message["content"] == "No."
    assert (message["status"], message["finishReasons"]) == ("INTERRUPTED", ["max_output_tokens"])
    calls = {each["toolCallId"]: each for each in message["toolCalls"]}
    assert [each["status"] for each in calls.values()] == [
        "SUCCEEDED",
        "FAILED",
        "SUCCEEDED",
        "FAILED",
    ]
    assert calls["ws_1"]["arguments"] == {"action": {"type": "search", "query": "q"}}
    assert calls["ws_1"]["toolName"] == "web_search"
    assert calls["mcp_1"]["result"] == "4"
    assert (calls["mcp_2"]["errorType"], calls["mcp_2"]["errorMessage"]) == ("http_error", "Down")


async def test_a_call_that_a_person_decides_on(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    def request(own_id: str) -> dict[str, Any]:
        told = {"id": own_id, "type": "mcp_approval_request", "name": "pay"}
        return {**told, "arguments": '{"eur": 5}', "server_label": "bank"}

    decided = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": False}
    write_lines(
        file,
        response(0, request("mcpr_1"), input="Pay"),
        response(1, said("Not paid."), input=[{**decided, "reason": "Too much"}]),
        response(5, request("mcpr_2"), input="Pay", previous_response_id=None),
    )
    await take_file(engine, file)
    session = await read_session(graphql, "resp_0")
    (call,) = session["messages"][1]["toolCalls"]
    assert session["status"] == "COMPLETED"
    assert call["status"] == "DENIED"
    assert call["confirmation"] == {"status": "DENIED", "reason": "Too much"}
    waiting = await read_session(graphql, "resp_5")
    assert waiting["status"] == "WAITING"
    assert waiting["messages"][1]["toolCalls"][0]["confirmation"]["status"] == "PENDING"


async def test_a_response_that_failed(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    error = {"code": "server_error", "message": "Try again."}
    write_lines(file, response(0, status="failed", error=error, input="Hi", usage=None))
    await take_file(engine, file)
    session = await read_session(graphql, "resp_0")
    assert session["status"] == "FAILED"
    assert session["messages"][1]["status"] == "ERROR"
    assert session["messages"][1]["error"] == "Try again."


async def test_items_of_a_conversation(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Look"}]},
        called("c", "not JSON"),
        said("Wait"),
        output("c", "seen"),
        said("Seen"),
        {"type": "item_reference", "id": "msg_1"},
    ]
    write_lines(file, {"session_id": "s", "agent": "eyes", "metadata": {"a": 1}, "items": items})
    await take_file(engine, file)
    session = await read_session(graphql, "s")
    assert session["agent"] == {"agentId": "eyes"}
    assert session["metadata"] == {"a": 1}
    assert [(each["role"], each["content"]) for each in session["messages"]] == [
        ("USER", "Look"),
        ("ASSISTANT", "Wait"),
        ("TOOL", "seen"),
        ("ASSISTANT", "Seen"),
    ]
    assert session["messages"][1]["toolCalls"][0]["arguments"] == "not JSON"


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ({"items": []}, "session_id: Give the session's name."),
        ({"session_id": 1, "items": []}, "session_id: Must be text."),
        ({"session_id": "s", "items": [1]}, "items.0: Must be an object."),
        ({"session_id": "s", "items": [{}]}, "items.0.role: Must be text."),
        ({"session_id": "s", "items": [called("", "{}") | {"name": 1}]}, "items.0.name: Must be"),
        (response(9, {"type": 1}), "output.0.type: Must be text."),
        (response(9, created_at="x"), "created_at: Must be a time."),
        (response(9, created_at=1e20), "created_at: Must "),
        (response(9, input=5), "input: Must be a list."),
        (response(9, input=[{"role": "user", "content": "\x00"}]), "input.0.content: Must not"),
        ("[1]", "Not a JSON object."),
        ('{"id": "resp_9", "object": "resp', "Not a JSON object."),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_a_session_with_a_bad_line_is_refused_and_others_are_taken(
    engine: AsyncEngine, file: Path, line: Any, refusal: str
) -> None:
    write_lines(file, response(0, said("Hi"), input="Hi"), line)
    imported = await take_file(engine, file, "openai-responses")
    assert [each.is_new for each in imported if each.refusal is None] == [True]
    (refused,) = [each for each in imported if each.refusal is not None]
    assert refused.number == 2
    assert str(refused.refusal).startswith(refusal)


async def test_a_bad_line_of_a_session_keeps_all_of_it_out(engine: AsyncEngine, file: Path) -> None:
    lines = [response(number, said(str(number))) for number in range(4)]
    lines[2]["output"] = [{"type": "message", "role": "parrot"}]
    lines.insert(0, lines.pop())
    write_lines(file, *lines)
    (refused,) = await take_file(engine, file)
    assert str(refused.refusal).startswith("output.0.role: Must be one of system, ")
    assert lines[refused.number - 1]["id"] == "resp_2"
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM sessions")) == 0
