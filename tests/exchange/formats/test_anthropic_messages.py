"""Conversations of Anthropic's Messages API."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.exchange.taken import read_session, take_file, write_lines
from tests.graphql_client import GraphQLClient


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "messages.jsonl"


def block(content: str) -> dict[str, Any]:
    return {"type": "text", "text": content}


def use(own_id: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": own_id, "name": "look", "input": arguments}


def result(own_id: str, content: Any, **values: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": own_id, "content": content, **values}


def answer(own_id: str, *content: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "id": own_id,
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 200,
            "cache_read_input_tokens": 3000,
            "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 50,
            "output_tokens_details": {"thinking_tokens": 40},
            "service_tier": "standard",
        },
        **values,
    }


THINKING = {"type": "thinking", "thinking": "Hm.", "signature": "EqQ="}
FIRST = answer(
    "msg_1",
    THINKING,
    block("I look "),
    block("twice. 🔭"),
    use("toolu_a", city="Zürich"),
    use("toolu_b", city="Paris"),
    stop_reason="tool_use",
)
RESULTS: dict[str, Any] = {
    "role": "user",
    "content": [
        result("toolu_b", "No such city.", is_error=True),
        result(
            "toolu_a", [block("Sunny"), {"type": "image", "source": {"type": "url", "url": "u"}}]
        ),
        block("And now?"),
    ],
}
PAIRS = [
    {
        "session_id": "s",
        "created_at": "2026-03-01T12:00:00Z",
        "request": {
            "model": "claude-sonnet-5-latest",
            "system": [{**block("Be brief."), "cache_control": {"type": "ephemeral"}}],
            "metadata": {"user_id": "user-1"},
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Weather?"}],
        },
        "response": FIRST,
    },
    {
        "session_id": "s",
        "created_at": "2026-03-01T12:00:05Z",
        "request": {
            "model": "claude-sonnet-5-latest",
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": [block("Weather?")]},
                # the SDK sends back the content only
                {"role": "assistant", "content": FIRST["content"]},
                RESULTS,
            ],
        },
        "response": answer("msg_2", block("Sunny.")),
    },
]


async def test_requests_with_their_responses_are_a_session(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    write_lines(file, *PAIRS)
    (imported,) = await take_file(engine, file)
    assert (imported.messages, imported.tool_calls, imported.is_new) == (7, 2, True)
    session = await read_session(graphql, "s")
    assert session["userId"] == "user-1"
    assert session["status"] == "COMPLETED"
    assert (session["startedAt"], session["endedAt"]) == (
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:05Z",
    )
    messages = session["messages"]
    assert [(each["role"], each["content"]) for each in messages] == [
        ("SYSTEM", "Be brief."),
        ("USER", "Weather?"),
        ("ASSISTANT", "I look twice. 🔭"),
        ("TOOL", "No such city."),
        ("TOOL", "Sunny"),
        ("USER", "And now?"),
        ("ASSISTANT", "Sunny."),
    ]
    asked = messages[2]
    assert asked["parts"] == FIRST
    assert asked["inputTokens"] == 3210
    assert asked["cacheReadInputTokens"] == 3000
    assert asked["cacheCreationInputTokens"] == 200
    assert (asked["outputTokens"], asked["reasoningOutputTokens"]) == (50, 40)
    assert (asked["requestModel"], asked["responseModel"]) == (
        "claude-sonnet-5-latest",
        "claude-sonnet-5",
    )
    assert asked["finishReasons"] == ["tool_use"]
    assert (asked["provider"], asked["responseId"]) == ("anthropic", "msg_1")
    sunny, failed = asked["toolCalls"]
    assert (sunny["toolCallId"], sunny["status"], sunny["result"]) == (
        "toolu_a",
        "SUCCEEDED",
        "Sunny",
    )
    assert sunny["arguments"] == {"city": "Zürich"}
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", "No such city.")
    assert failed["resultMessage"] == {"content": "No such city."}
    assert messages[3]["parts"] == RESULTS["content"][0]
    assert messages[5]["parts"] == {"role": "user", "content": [block("And now?")]}
    assert session["failedToolCallCount"] == 1


async def test_what_follows_in_a_later_file_is_added_once(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    write_lines(file, PAIRS[0])
    await take_file(engine, file)
    write_lines(file, *PAIRS)
    for expected in (4, 0):
        (imported,) = await take_file(engine, file)
        assert (imported.messages, imported.refusal) == (expected, None)
    session = await read_session(graphql, "s")
    assert session["messageCount"] == 7
    assert session["messages"][2]["toolCalls"][1]["status"] == "FAILED"


async def test_what_cannot_be_stored_is_refused_in_what_is_added_too(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    write_lines(file, PAIRS[0])
    await take_file(engine, file)
    added = {"session_id": "s", "messages": [], "response": answer("msg_3", use("toolu\x00"))}
    write_lines(file, PAIRS[0], added)
    (refused,) = await take_file(engine, file)
    assert (refused.number, refused.messages) == (2, 0)
    assert str(refused.refusal).startswith("response.parts: Must not hold NUL")
    assert (await read_session(graphql, "s"))["messageCount"] == 3


async def test_a_session_that_a_runtime_made_is_left_alone(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    await graphql.record("createSession", "created", sessionId="s")
    write_lines(file, *PAIRS)
    (refused,) = await take_file(engine, file)
    assert refused.refusal == "session_id: There is a session of this name already."


async def test_a_conversation_a_line(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    server_tools: list[dict[str, Any]] = [
        {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "web_search",
            "input": {"query": "q"},
        },
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1"}
        | {"content": [{"type": "web_search_result", "url": "u", "title": "t"}]},
        {"type": "server_tool_use", "id": "srvtoolu_2", "name": "web_fetch", "input": {}},
        {"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_2"}
        | {"content": {"type": "web_fetch_tool_result_error", "error_code": "url_not_allowed"}},
        {"type": "a_block_of_the_future", "x": [1.0, None]},
        block("Found."),
    ]
    line = {
        "session_id": "s",
        "agent": "finder",
        "system": "Find.",
        "messages": [
            {"role": "user", "content": [{"type": "image", "source": {}}, block("This?")]},
            {"role": "assistant", "content": server_tools},
            {"role": "user", "content": [result("toolu_unknown", None)]},
            answer("msg_9", block("Bye")),
        ],
    }
    with gzip.open(file.with_suffix(".jsonl.gz"), "wt") as packed:
        packed.write(json.dumps(line))  # without an end of the line
    (imported,) = await take_file(engine, file.with_suffix(".jsonl.gz"))
    assert imported.end == file.with_suffix(".jsonl.gz").stat().st_size
    session = await read_session(graphql, "s")
    assert session["agent"] == {"agentId": "finder"}
    messages = session["messages"]
    assert [(each["role"], each["content"]) for each in messages] == [
        ("SYSTEM", "Find."),
        ("USER", "This?"),
        ("ASSISTANT", "Found."),
        ("TOOL", ""),
        ("ASSISTANT", "Bye"),
    ]
    assert messages[2]["parts"] == {"role": "assistant", "content": server_tools}
    found, fetched = messages[2]["toolCalls"]
    assert (found["status"], found["result"]) == ("SUCCEEDED", server_tools[1]["content"])
    assert (fetched["status"], fetched["errorType"]) == ("FAILED", "url_not_allowed")
    assert messages[4]["inputTokens"] == 3210


async def test_an_error_and_what_was_sent_again_after_it(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    request = {"messages": [{"role": "user", "content": "Hi"}]}
    again = {"session_id": "s", "request": request, "response": answer("msg_1", block("Ho"))}
    write_lines(
        file, {**again, "response": error}, again, {"session_id": "f", **request, "response": error}
    )
    await take_file(engine, file)
    session = await read_session(graphql, "s")
    assert session["status"] == "COMPLETED"
    assert [(each["role"], each["content"], each["error"]) for each in session["messages"]] == [
        ("USER", "Hi", None),
        ("ASSISTANT", None, "Overloaded"),
        ("ASSISTANT", "Ho", None),
    ]
    assert (await read_session(graphql, "f"))["status"] == "FAILED"


async def test_a_response_names_a_session_that_has_no_name(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    told = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    write_lines(file, {**told, "response": answer("msg_1", block("Ho"))})
    await take_file(engine, file)
    session = await read_session(graphql, "msg_1")
    assert session["messages"][1]["requestModel"] == "m"


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ({"system": "", "messages": []}, "session_id: Must be text."),
        ({"session_id": "b"}, "messages: Must be a list."),
        ({"session_id": "b", "messages": ["Hi"]}, "messages.0: Must be an object."),
        ({"session_id": "b", "messages": [{"role": "x"}]}, "messages.0.role: Must be one of"),
        (
            {
                "session_id": "b",
                "messages": [{"role": "assistant", "content": [use("t") | {"name": 1}]}],
            },
            "messages.0.content.0.name: Must be text.",
        ),
        (
            {"session_id": "b", "messages": [{"role": "user", "content": [result("t", 5)]}]},
            "messages.0.content: Must be text, a list of parts, or null.",
        ),
        (
            {"session_id": "b", "messages": [], "response": answer("m", model="x" * 600)},
            "response.responseModel: Must not be longer than 512 characters.",
        ),
        ({"session_id": "b", "messages": [], "created_at": "soon"}, "created_at: Must be a time."),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_a_bad_line_is_refused_and_the_others_are_taken(
    engine: AsyncEngine, file: Path, line: Any, refusal: str
) -> None:
    write_lines(file, PAIRS[0], line)
    taken, refused = await take_file(engine, file)
    assert taken.is_new
    assert refused.number == 2
    assert str(refused.refusal).startswith(refusal)
