"""Files of OTLP JSON."""

from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange import json_lines
from exchange.spans.import_file import import_file
from exchange.transcripts import ImportedLine
from models import Span as KeptSpan
from resolvers.context import Context
from tests.exchange.spans.exports import Span, agent_trace, as_json, new_trace
from tests.exchange.spans.stored import said, stored_session
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, digest_rows


async def take(engine: AsyncEngine, path: Path) -> list[ImportedLine]:
    imported = [line async for line in import_file(Context(engine, 1), path)]
    await check_invariants(engine)
    return imported


def totals(lines: list[ImportedLine]) -> tuple[int, int, int]:
    return (
        sum(line.is_new for line in lines),
        sum(line.messages for line in lines),
        sum(line.tool_calls for line in lines),
    )


async def test_each_line_is_an_export(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    trace, file = agent_trace(), tmp_path / "traces.jsonl"
    file.write_bytes(b"\n".join(as_json(span) for span in trace.spans) + b"\n\n")
    lines = await take(engine, file)
    assert [line.number for line in lines][-1] == 5
    assert lines[-1].end == file.stat().st_size - 1
    assert totals(lines) == (2, 5, 1)
    (run,) = (await stored_session(graphql, "conversation"))["runs"]
    assert run["messageCount"] == 5
    assert totals(await take(engine, file)) == (0, 0, 0)
    async with engine.begin() as connection:  # as it is after a day
        await connection.execute(delete(KeptSpan))
    before = await digest_rows(engine)
    assert totals(await take(engine, file)) == (0, 0, 0)
    after = await digest_rows(engine)
    assert {name for name in before if before[name] != after[name]} == {"spans"}


async def test_nothing_is_waited_for_at_the_end(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    trace, file = agent_trace(), tmp_path / "traces.jsonl"
    file.write_bytes(b"\n".join(as_json(span) for span in trace.spans[:-1]))
    assert totals(await take(engine, file)) == (2, 5, 1)
    (run,) = (await stored_session(graphql, "conversation"))["runs"]
    assert run["status"] == "COMPLETED"


async def test_a_bad_line_is_refused_and_the_others_are_taken(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "MAXIMUM_LINE_BYTES", 50_000)
    bad = Span(new_trace(), {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": -1})
    lines = [
        as_json(*agent_trace().spans),
        b"nonsense",
        b'{"resourceSpans": 1}',
        b"{}" + b" " * 60_000,
        as_json(bad),
        as_json(*agent_trace().spans),
    ]
    file = tmp_path / "traces.jsonl"
    file.write_bytes(b"\n".join(lines))
    imported = await take(engine, file)
    refused = {line.number: line.refusal for line in imported if line.refusal is not None}
    assert list(refused) == [2, 3, 4, 5]
    assert refused[4] == "Longer than 50000 bytes."
    assert "inputTokens" in str(refused[5])
    assert totals(imported) == (3, 10, 2)


async def test_openinference_spans_are_taken(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    trace, file = new_trace(), tmp_path / "traces.jsonl"
    agent = {"openinference.span.kind": "AGENT", "agent.name": "clerk", "session.id": "talk"}
    run = Span(trace, agent, Span(trace, {"openinference.span.kind": "CHAIN"}), 0, 9)
    start = "llm.output_messages.0.message."
    asked = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "How heavy is it?",
        f"{start}role": "assistant",
        f"{start}tool_calls.0.tool_call.function.name": "weigh",
        f"{start}tool_calls.0.tool_call.function.arguments": "{}",
        "llm.token_count.prompt": 10,
    }
    # OpenInference's tools often do not say which call they ran
    ran = {"openinference.span.kind": "TOOL", "tool.name": "weigh", "output.value": "420 grams"}
    spans = [Span(trace, asked, run, 1, 2), Span(trace, ran, run, 2, 3), run]
    file.write_bytes(as_json(*spans))
    assert totals(await take(engine, file)) == (2, 2, 1)
    (recorded,) = (await stored_session(graphql, "talk"))["runs"]
    assert said(recorded) == [("USER", "How heavy is it?"), ("ASSISTANT", None)]
    (call,) = recorded["messages"][1]["toolCalls"]
    assert (call["status"], call["result"]) == ("SUCCEEDED", "420 grams")
