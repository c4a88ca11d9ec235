"""Runs of LangSmith and LangGraph."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.exchange.taken import read_session, take_file, write_lines
from tests.graphql_client import GraphQLClient


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.jsonl"


def time(second: float) -> str:
    return (datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=second)).isoformat()


def run(
    own_id: str,
    kind: str,
    seconds: tuple[float, float],
    inputs: Any = None,
    outputs: Any = None,
    *,
    trace: str = "t1",
    parent: str | None = "t1",
    metadata: dict[str, Any] | None = None,
    extra: dict[str, Any] | None = None,
    **values: Any,
) -> dict[str, Any]:
    """Make a run as `POST /runs/query` gives it, without what is null."""
    return {
        "id": own_id,
        "trace_id": trace,
        "parent_run_id": parent,
        "run_type": kind,
        "name": own_id,
        "start_time": time(seconds[0]),
        "end_time": time(seconds[1]),
        "inputs": inputs or {},
        "outputs": outputs,
        "error": None,
        "session_id": "00000000-0000-0000-0000-00000000ffff",  # LangSmith's project
        "extra": {"metadata": metadata or {}, "runtime": {"sdk": "langsmith-py"}, **(extra or {})},
        **values,
    }


def constructed(kind: str, content: Any, **values: Any) -> dict[str, Any]:
    path = ["langchain", "schema", "messages", kind]
    return {"lc": 1, "type": "constructor", "id": path, "kwargs": {"content": content, **values}}


def generated(message: dict[str, Any]) -> dict[str, Any]:
    generation = {"text": "", "generation_info": None, "type": "ChatGeneration", "message": message}
    return {"generations": [[generation]], "llm_output": None, "type": "LLMResult"}


def call(own_id: str, city: str) -> dict[str, Any]:
    return {"name": "weather", "args": {"city": city}, "id": own_id, "type": "tool_call"}


USAGE = {
    "input_tokens": 30,
    "output_tokens": 7,
    "total_tokens": 37,
    "input_token_details": {"cache_read": 10, "cache_creation": 5},
    "output_token_details": {"reasoning": 3},
}
SYSTEM = constructed("SystemMessage", "Be brief.")
QUESTION = constructed("HumanMessage", "Weather? 🌦", id="h1")
ASKED = constructed(
    "AIMessage",
    "",
    id="run-1",
    tool_calls=[call("c1", "Zürich"), call("c2", "Nowhere")],
    usage_metadata=USAGE,
    response_metadata={"model_name": "gpt-5.6-2026", "finish_reason": "tool_calls"},
)
SUNNY = {"type": "tool", "content": "Sunny", "tool_call_id": "c1", "status": "success"}
FAILED = constructed("ToolMessage", "No such city.", tool_call_id="c2", status="error")
ANSWER = {"type": "ai", "data": {"content": [{"type": "text", "text": "Sunny."}]}}
THREAD = {"thread_id": "thread-1", "user_id": "ann"}
MODEL = {"ls_provider": "openai", "ls_model_name": "gpt-5.6", **THREAD}

FIRST = [
    run("t1", "chain", (0, 9), {"messages": [["user", "Weather? 🌦"]]}, {"messages": []},
        parent=None, metadata=THREAD, name="forecaster", tags=["beta", "seq:step:1"]),
    run("node", "chain", (1, 3), metadata={"langgraph_node": "agent", **THREAD}),
    run("llm-1", "llm", (1, 3), {"messages": [[SYSTEM, QUESTION]]}, generated(ASKED),
        parent="node", metadata=MODEL, first_token_time=time(1.25), total_cost="0.00125"),
    run("tool-2", "tool", (3, 4), {"city": "Nowhere"}, None, error="ValueError('no such city')",
        metadata=THREAD, extra={"tool_call_id": "c2"}),
    run("tool-1", "tool", (3, 6), {"city": "Zürich"}, {"output": SUNNY}, metadata=THREAD),
    run("llm-2", "llm", (6, 8), {"messages": [[SYSTEM, QUESTION, ASKED, SUNNY, FAILED]]},
        generated(ANSWER), metadata=MODEL, prompt_tokens=50, completion_tokens=2),
    run("parser", "parser", (8, 9), {"input": "Sunny."}, {"output": "Sunny."}, metadata=THREAD),
]  # fmt: skip
SECOND = [
    run("t2", "chain", (20, 22), parent=None, trace="t2", metadata=THREAD, name="forecaster"),
    run("llm-3", "llm", (20, 21),
        {"messages": [[SYSTEM, QUESTION, ASKED, SUNNY, FAILED, ANSWER, QUESTION]]},
        generated(constructed("AIMessageChunk", "Still sunny.")), parent="t2", trace="t2",
        metadata=MODEL),
]  # fmt: skip
SAID = [
    ("SYSTEM", "Be brief."),
    ("USER", "Weather? 🌦"),
    ("ASSISTANT", ""),
    ("TOOL", "Sunny"),
    ("TOOL", "No such city."),
    ("ASSISTANT", "Sunny."),
]


async def test_a_thread_is_a_session_in_whatever_order_its_runs_come(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    lines = [*FIRST, *SECOND]
    Random(7).shuffle(lines)  # noqa: S311  an order, not a secret
    write_lines(file, *lines)
    (imported,) = await take_file(engine, file)
    assert (imported.messages, imported.tool_calls, imported.is_new) == (8, 2, True)
    session = await read_session(graphql, "thread-1")
    assert session["agent"] == {"agentId": "forecaster"}
    assert (session["userId"], session["tags"]) == ("ann", ["beta"])
    assert (session["startedAt"], session["endedAt"]) == (
        "2026-05-01T00:00:00Z",
        "2026-05-01T00:00:22Z",
    )
    messages = session["messages"]
    assert [(each["role"], each["content"]) for each in messages] == [
        *SAID,
        ("USER", "Weather? 🌦"),  # the same words again are said again
        ("ASSISTANT", "Still sunny."),
    ]
    asked = messages[2]
    assert asked["parts"] == ASKED
    assert (asked["traceId"], asked["spanId"]) == ("t1", "llm-1")
    assert (asked["provider"], asked["requestModel"]) == ("openai", "gpt-5.6")
    assert (asked["responseModel"], asked["finishReasons"]) == ("gpt-5.6-2026", ["tool_calls"])
    assert (asked["durationMs"], asked["timeToFirstChunkMs"]) == (2000, 250)
    assert asked["costUsd"] == "0.00125"
    assert (asked["inputTokens"], asked["outputTokens"]) == (30, 7)
    assert (asked["cacheReadInputTokens"], asked["cacheCreationInputTokens"]) == (10, 5)
    assert asked["reasoningOutputTokens"] == 3
    assert asked["createdAt"] == "2026-05-01T00:00:03Z"
    assert (messages[5]["inputTokens"], messages[5]["outputTokens"]) == (50, 2)
    sunny, failed = asked["toolCalls"]
    assert (sunny["status"], sunny["result"], sunny["durationMs"]) == ("SUCCEEDED", "Sunny", 3000)
    assert sunny["startedAt"] == "2026-05-01T00:00:03Z"
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", "ValueError('no such city')")
    assert failed["resultMessage"] == {"content": "No such city."}


async def test_a_later_export_adds_what_is_new(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    write_lines(file, *FIRST)
    await take_file(engine, file)
    for lines, expected in ((SECOND, 2), ([*FIRST, *SECOND], 0), (SECOND, 0)):
        write_lines(file, *lines)
        (imported,) = await take_file(engine, file)
        assert (imported.messages, imported.refusal) == (expected, None)
    assert (await read_session(graphql, "thread-1"))["messageCount"] == 8


async def test_an_agent_below_is_a_child_session(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    main, helper = {"lc_agent_name": "main"}, {"lc_agent_name": "helper"}
    asks = {"type": "ai", "content": "", "tool_calls": [{"name": "task", "args": {}, "id": "c"}]}
    result = {"type": "tool", "content": "Found", "tool_call_id": "c"}
    found = {"role": "assistant", "content": "Found"}
    lines = [
        run("t1", "chain", (0, 9), parent=None, metadata=main),
        run("l1", "llm", (0, 1), {"messages": [{"role": "user", "content": "Find"}]},
            generated(asks), metadata=main),
        run("tool", "tool", (1, 8), outputs={"output": result}, metadata=main,
            extra={"tool_call_id": "c"}),
        run("helper", "chain", (2, 7), parent="tool", metadata=helper),
        run("model", "chain", (2, 7), parent="helper", metadata=helper),
        run("l2", "llm", (2, 6), {"messages": [{"role": "user", "content": "Go"}]},
            {"choices": [{"message": found}], "usage": {"prompt_tokens": 4}},
            parent="model", metadata=helper),
        run("l3", "llm", (8, 9), {"messages": [asks, result]}, {"output": found}, metadata=main),
        # an agent that names itself, but asks no model, is none
        run("idle", "chain", (8, 9), parent="t1", metadata={"ls_agent_type": "subagent"}),
    ]  # fmt: skip
    write_lines(file, json.dumps({"runs": lines[:4]}), json.dumps(lines[4:]))
    for expected in (6, 0):
        assert [each.messages for each in await take_file(engine, file)] == [expected]
    session = await read_session(graphql, "t1")
    assert session["agent"] == {"agentId": "main"}
    assert [(each["role"], each["content"]) for each in session["messages"]] == [
        ("USER", "Find"),
        ("ASSISTANT", ""),
        ("TOOL", "Found"),
        ("ASSISTANT", "Found"),
    ]
    assert session["children"] == [
        {
            "sessionId": "t1/helper",
            "kind": "SUBAGENT",
            "status": "COMPLETED",
            "agent": {"agentId": "helper"},
            "spawnedByToolCall": {"toolCallId": "c"},
            "messages": [
                {"role": "USER", "content": "Go"},
                {"role": "ASSISTANT", "content": "Found"},
            ],
        }
    ]


async def test_runs_without_models_and_other_forms_of_messages(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    anthropic = {
        "type": "message", "role": "assistant", "id": "msg_1", "model": "claude",
        "content": [{"type": "tool_use", "id": "u", "name": "look", "input": {}}],
        "usage": {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3},
    }  # fmt: skip
    results = [{"type": "tool_result", "tool_use_id": "u", "content": "Seen"}]
    invalid = constructed(
        "AIMessage",
        "?",
        invalid_tool_calls=[{"name": None, "args": "{", "id": "i", "error": "Bad"}],
    )
    lines = [
        run("a", "chain", (0, 1), {"question": "Why?"}, {"answer": "So."}, trace="a", parent=None),
        run("b", "llm", (0, 1), {"prompts": ["Say"]}, {"generations": [{"text": "Said"}]},
            trace="b", parent=None),
        run("c", "llm", (0, 1), {"messages": [{"role": "user", "content": "Look"}]}, anthropic,
            trace="c", parent=None, metadata={"conversation_id": "c"}),
        run("d", "llm", (2, 3), {"messages": [{"role": "user", "content": "Look"}, anthropic,
            {"role": "user", "content": results}]}, generated(invalid),
            trace="d", parent=None, metadata={"session_id": "c"}),
        run("e", "llm", (0, 1), json.dumps({"input": "Hi"}), None, trace="e", parent=None,
            error="RateLimitError: slow down"),
        run("f", "retriever", (0, 1), {"query": "q"}, {"documents": []}, trace="f", parent="gone"),
        run("g", "chain", (0, 1), {"messages": [["human", "Hi"]]},
            {"messages": [["human", "Hi"], {"role": "ai", "content": "Ho"}]}, trace="g",
            parent=None),
    ]  # fmt: skip
    del lines[1]["trace_id"]
    lines[1]["dotted_order"] = "20260501T000000000000Zb"
    write_lines(file, *lines)
    imported = await take_file(engine, file)
    assert [each.refusal for each in imported] == [None] * 6
    said = {
        name: [(each["role"], each["content"]) for each in session["messages"]]
        for name in "abcefg"
        for session in [await read_session(graphql, name)]
    }
    assert said == {
        "a": [("USER", "Why?"), ("ASSISTANT", "So.")],
        "b": [("USER", "Say"), ("ASSISTANT", "Said")],
        "c": [("USER", "Look"), ("ASSISTANT", None), ("TOOL", "Seen"), ("ASSISTANT", "?")],
        "e": [("USER", "Hi"), ("ASSISTANT", None)],
        "f": [],
        "g": [("USER", "Hi"), ("ASSISTANT", "Ho")],
    }
    failed = await read_session(graphql, "e")
    assert failed["status"] == "FAILED"
    assert failed["messages"][1]["error"] == "RateLimitError: slow down"
    looked = (await read_session(graphql, "c"))["messages"]
    assert looked[1]["toolCalls"][0]["result"] == "Seen"
    assert looked[1]["inputTokens"] == 4
    (bad,) = looked[3]["toolCalls"]
    assert (bad["toolName"], bad["status"], bad["errorMessage"]) == ("?", "FAILED", "Bad")


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ({"run_type": "llm"}, "start_time: Must be text."),
        (run("x", "llm", (0, 1)) | {"id": 5}, "id: Must be text."),
        (run("x", "llm", (0, 1)) | {"end_time": "later"}, "end_time: Must be a time."),
        (run("x", "llm", (0, 1), trace="x") | {"inputs": "{"}, "inputs: Must be an object."),
        (run("x", "llm", (0, 1), {"messages": [7]}, trace="x"), "inputs.messages.0: Must be a mes"),
        (
            run("x", "llm", (0, 1), {"messages": [{"type": "odd"}]}, trace="x"),
            "inputs.messages.0.type: Must be a message",
        ),
        ('{"id": "half', "Not a JSON object."),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_a_bad_line_is_refused_and_other_sessions_are_taken(
    engine: AsyncEngine, file: Path, line: Any, refusal: str
) -> None:
    write_lines(file, *FIRST, line)
    imported = await take_file(engine, file)
    assert [each.is_new for each in imported if each.refusal is None] == [True]
    (refused,) = [each for each in imported if each.refusal is not None]
    assert refused.number == len(FIRST) + 1
    assert str(refused.refusal).startswith(refusal)
