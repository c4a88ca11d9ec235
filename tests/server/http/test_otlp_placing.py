"""Spans that come late, twice, apart, or without what they say: each finds its place, once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from exchange.spans import receiving
from resolvers.changes import Changes
from server.app import create_app
from server.database import create_engine
from server.metrics import Metrics
from server.otlp.span_metrics import SpanMetrics
from server.otlp.span_sweep import SpanSweep
from server.settings import Settings
from tests.conftest import client_of_app
from tests.exchange.spans import exports
from tests.exchange.spans.exports import Span, agent_trace, as_json, chat, new_trace, run_of, tool
from tests.exchange.spans.stored import said, stored_session
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants
from tests.server.http.test_otlp import check_agent_trace, export


async def send(graphql: GraphQLClient, *spans: Span) -> None:
    answered = await export(graphql.http, as_json(*spans))
    assert answered.status_code == 200
    assert answered.json() == {}


async def sweep_later(engine: AsyncEngine, later: timedelta = timedelta(seconds=31)) -> None:
    """Do what is done in the background, as if spans had come a while ago."""
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE spans SET created_at = created_at - CAST(:later AS interval)"),
            {"later": later},
        )
    _, errors = await SpanSweep(engine, Changes(), SpanMetrics(Metrics())).work()
    assert not errors


async def count_sessions(graphql: GraphQLClient) -> int:
    count: int = (await graphql.execute("{ sessions { totalCount } }"))["sessions"]["totalCount"]
    return count


async def count_spans(engine: AsyncEngine, condition: str = "true") -> int:
    async with engine.connect() as connection:
        counted = text(f"SELECT count(*) FROM spans WHERE {condition}")
        return await connection.scalar(counted) or 0


async def test_children_that_come_before_their_parents_wait_for_them(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = agent_trace()
    for span in trace.spans[:-1]:
        await send(graphql, span)
        assert await count_sessions(graphql) == 0
    await send(graphql, trace.request)
    await check_agent_trace(graphql, trace)
    assert await count_spans(engine, "operation IS NOT NULL OR recorded_at IS NULL") == 0
    await check_invariants(engine)


async def test_the_order_in_which_spans_come_does_not_matter(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    for order in list(permutations(range(5)))[::10]:
        trace = agent_trace(f"in order {order}")
        for place in order:
            await send(graphql, trace.spans[place], trace.spans[place])
        (run,) = (await stored_session(graphql, f"in order {order}"))["runs"]
        told = [each for each in said(run) if each != ("ASSISTANT", None)]
        assert told == [
            ("SYSTEM", "Be brief."),
            ("USER", "How heavy is it?"),
            ("TOOL", '{"grams":420}'),
            ("ASSISTANT", "420 grams."),
        ], order
        assert (run["toolCallCount"], run["inputTokens"]) == (1, 20), order
    await check_invariants(engine)


async def test_what_waited_too_long_goes_to_the_run_that_its_agent_has(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = agent_trace()
    agent = {"gen_ai.agent.name": "clerk", "gen_ai.conversation.id": "conversation"}
    for span in (trace.first, trace.weigh, trace.second):
        span.attributes = {**span.attributes, **agent}
    await send(graphql, trace.first)
    await sweep_later(engine, timedelta(seconds=20))
    assert await count_sessions(graphql) == 0
    await sweep_later(engine)
    session = await stored_session(graphql, "conversation")
    (run,) = session["runs"]
    assert (run["status"], run["title"], run["messageCount"]) == ("ACTIVE", "clerk", 3)
    await send(graphql, trace.weigh, trace.second)
    await sweep_later(engine)
    await send(graphql, trace.run, trace.request)
    await check_agent_trace(graphql, trace)
    await check_invariants(engine)


async def test_what_waited_too_long_without_an_agent_goes_to_its_conversation(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    remote = Span(trace, {})
    said_first = [exports.text("user", "Hi")]
    one = Span(
        trace,
        chat(said_first, exports.text("assistant", "Hello"), gen_ai__conversation__id="talk"),
        remote,
    )
    two = Span(trace, chat(said_first, exports.text("assistant", "Hey")), remote, 2, 3)
    await send(graphql, two, one)
    await sweep_later(engine)
    assert said(await stored_session(graphql, "talk")) == [("USER", "Hi"), ("ASSISTANT", "Hello")]
    alone = await stored_session(graphql, f"trace:{trace}")
    assert said(alone) == [("USER", "Hi"), ("ASSISTANT", "Hey")]
    assert alone["status"] == "ACTIVE"
    await check_invariants(engine)


async def test_a_trace_without_a_conversation_is_a_session_that_ends(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    run = Span(trace, run_of("clerk"), None, 0, 5, error="It broke.")
    await send(graphql, run, Span(trace, chat(), run, 1, 2))
    session = await stored_session(graphql, f"trace:{trace}")
    assert (session["status"], session["kind"]) == ("FAILED", "ROOT")
    (below,) = session["runs"]
    assert below["status"] == "FAILED"
    assert below["metadata"] == {"traceId": trace, "spanId": run.id}
    await check_invariants(engine)


async def test_halves_of_a_trace_that_come_at_once_are_recorded_once(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    async def send_by(http: httpx2.AsyncClient, spans: Sequence[Span]) -> None:
        answered = await export(http, as_json(*spans))
        assert answered.status_code == 200

    app, other = (create_app(Settings(insecure=True), engine) for _ in range(2))
    async with client_of_app(app) as one, client_of_app(other) as two:
        for number in range(6):
            trace = agent_trace(f"conversation {number}")
            halves = trace.spans[::2], trace.spans[1::2]
            await asyncio.gather(
                *[send_by(http, half) for half in halves for http in (one, two, one)]
            )
            (run,) = (await stored_session(graphql, f"conversation {number}"))["runs"]
            assert (run["messageCount"], run["toolCallCount"]) == (5, 1)
            assert run["inputTokens"] == 20
    await check_invariants(engine)


async def test_traces_of_one_conversation_may_come_at_once(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    traces = [agent_trace() for _ in range(8)]
    answers = await asyncio.gather(
        *[export(graphql.http, as_json(*trace.spans)) for trace in traces]
    )
    assert {answer.content for answer in answers} == {b"{}"}
    session = await stored_session(graphql, "conversation")
    assert [run["messageCount"] for run in session["runs"]] == [5] * 8
    assert {run["agent"]["agentId"] for run in session["runs"]} == {"clerk"}
    await check_invariants(engine)


async def test_a_turn_of_a_conversation_repeats_nothing_of_the_one_before(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    first = agent_trace()
    await send(graphql, *first.spans)
    history = [
        exports.text("system", "Be brief."),
        exports.text("user", "How heavy is it?"),
        exports.call("call-1", "weigh", parcel="JX-2041"),
        exports.answer("call-1", {"grams": 420}),
        exports.text("assistant", "420 grams."),
        exports.text("user", "How heavy is it?"),
    ]
    trace = new_trace()
    run = Span(trace, run_of("clerk", "conversation"), None, 20, 30)
    one = Span(trace, chat(history, exports.call("call-1", "weigh", parcel="B")), run, 21, 22)
    ran = Span(trace, tool("call-1", "weigh", {"grams": 7}, parcel="B"), run, 22, 23)
    history += [exports.call("call-1", "weigh", parcel="B"), exports.answer("call-1", {"grams": 7})]
    two = Span(trace, chat(history, exports.text("assistant", "7 grams.")), run, 24, 25)
    await send(graphql, one, ran, two, run)
    session = await stored_session(graphql, "conversation")
    assert said(session["runs"][1]) == [
        ("USER", "How heavy is it?"),
        ("ASSISTANT", None),
        ("TOOL", '{"grams":7}'),
        ("ASSISTANT", "7 grams."),
    ]
    assert session["runs"][1]["messages"][1]["toolCalls"][0]["result"] == {"grams": 7}
    await check_agent_trace_of(session["runs"][0])
    await check_invariants(engine)


async def check_agent_trace_of(run: dict[str, object]) -> None:
    assert run["messageCount"] == 5
    assert run["integrity"] == {"callsWithoutResultCount": 0, "resultsWithoutCallCount": 0}


async def test_two_runs_that_are_told_the_same_are_both_told_it(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    for number in range(2):
        trace = new_trace()
        run = Span(trace, run_of("counter", "conversation"), None, 10 * number, 10 * number + 9)
        given = chat([exports.text("user", "Count.")], exports.text("assistant", "3"))
        await send(graphql, Span(trace, given, run, 10 * number + 1, 10 * number + 2), run)
    session = await stored_session(graphql, "conversation")
    heard = [("USER", "Count."), ("ASSISTANT", "3")]
    assert [said(run) for run in session["runs"]] == [heard, heard]
    await check_invariants(engine)


async def test_a_run_within_a_tool_is_a_session_below_the_one_that_called_it(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    outer = Span(trace, run_of("clerk", "conversation"), None, 0, 20)
    asked = Span(trace, chat([], exports.call("call-9", "count")), outer, 1, 2)
    ran = Span(trace, tool("call-9", "count", {"parcels": 3}), outer, 3, 10)
    link = Span(trace, {"name": "thread"}, ran, 3, 10)
    inner = Span(trace, run_of("counter", "a conversation of its own"), link, 4, 9)
    counted = Span(trace, chat([exports.text("user", "Count.")]), inner, 5, 6)
    await send(graphql, counted, inner, link, ran, asked, outer)
    assert await count_sessions(graphql) == 3
    (run,) = (await stored_session(graphql, "conversation"))["runs"]
    (below,) = run["runs"]
    assert below["spawnedByToolCall"] == {"toolCallId": "call-9"}
    assert below["metadata"]["conversationId"] == "a conversation of its own"
    (call,) = run["messages"][0]["toolCalls"]
    assert call["childSession"] == {"sessionId": below["sessionId"]}
    assert call["result"] == {"parcels": 3}
    assert said(below) == [("USER", "Count."), ("ASSISTANT", None)]
    assert (run["inputTokens"], below["inputTokens"]) == (10, 10)
    await check_invariants(engine)


async def test_spans_without_content_have_their_counts_and_calls(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    run = Span(trace, run_of("clerk", "conversation"), None, 0, 20)
    spans = [
        Span(trace, chat(operation__cost=0.0125), run, 1, 2),
        Span(trace, tool("call-1", "weigh"), run, 3, 4),
        Span(trace, tool(None, "seal"), run, 4, 5, error="No wax."),
        Span(trace, chat(), run, 6, 7, error="Too many requests."),
    ]
    await send(graphql, *spans, run)
    (recorded,) = (await stored_session(graphql, "conversation"))["runs"]
    assert said(recorded) == [("ASSISTANT", None)] * 4
    assert (recorded["inputTokens"], recorded["costUsd"]) == (20, "0.0125")
    calls = [call for message in recorded["messages"] for call in message["toolCalls"]]
    assert [(call["toolName"], call["status"]) for call in calls] == [
        ("weigh", "SUCCEEDED"),
        ("seal", "FAILED"),
    ]
    assert calls[1]["errorMessage"] == "No wax."
    assert recorded["failedToolCallCount"] == 1
    last = recorded["messages"][-1]
    assert (last["status"], last["error"]) == ("ERROR", "Too many requests.")
    await check_invariants(engine)


async def test_a_call_that_two_instrumentations_tell_of_is_counted_once(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    framework = Span(trace, chat(gen_ai__conversation__id="conversation"), None, 0, 9)
    client = Span(trace, chat(), framework, 1, 8)
    await send(graphql, client, framework)
    session = await stored_session(graphql, "conversation")
    assert (session["messageCount"], session["inputTokens"]) == (1, 10)
    await check_invariants(engine)


async def test_a_run_that_tells_of_no_call_to_a_model_says_itself_what_was_said(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    given = chat([exports.text("user", "Hi")], exports.text("assistant", "Hello"))
    for conversation, calls in (("remote", False), ("local", True)):
        trace = new_trace()
        run = Span(trace, {**given, **run_of("clerk", conversation)}, None, 0, 9)
        await send(graphql, *[Span(trace, given, run, 1, 2)] * calls, run)
        (recorded,) = (await stored_session(graphql, conversation))["runs"]
        assert said(recorded) == [("USER", "Hi"), ("ASSISTANT", "Hello")]
        assert recorded["inputTokens"] == 10
    await check_invariants(engine)


async def test_a_session_that_a_runtime_made_may_be_the_conversation(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    made = await graphql.record("createSession", "session { id }", sessionId="mine", title="Mine")
    own_id = made["session"]["id"]
    said_first = {"session": own_id, "role": "USER", "content": "Hi"}
    await graphql.record("recordMessage", "replayed", **said_first)
    for name in ("mine", own_id):
        given = chat([exports.text("user", "Hi")], exports.text("assistant", name))
        given["gen_ai.conversation.id"] = name
        await send(graphql, Span(new_trace(), given, None))
    session = await stored_session(graphql, "mine")
    heard = [("USER", "Hi"), ("ASSISTANT", "mine"), ("ASSISTANT", own_id)]
    assert said(session) == heard
    assert session["title"] == "Mine"
    await check_invariants(engine)


async def test_spans_in_a_circle_are_recorded_and_end_nothing(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    one = Span(trace, run_of("clerk", "conversation"), None)
    two = Span(trace, run_of("clerk", "conversation"), one, 1, 2)
    one.parent = two
    own = Span(trace, chat(), None, 3, 4)
    own.parent = own
    await send(graphql, one, two, own)
    await sweep_later(engine)
    assert await count_spans(engine, "recorded_at IS NULL") == 0
    await check_invariants(engine)


async def test_a_large_trace_is_recorded_in_pieces(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = new_trace()
    run = Span(trace, run_of("clerk", "conversation"), None, 0, 200)
    await send(graphql, *[Span(trace, chat(), run, n, n + 1) for n in range(120)], run)
    (recorded,) = (await stored_session(graphql, "conversation"))["runs"]
    assert (recorded["messageCount"], recorded["inputTokens"]) == (120, 1200)
    await check_invariants(engine)


async def test_what_was_kept_and_not_recorded_is_recorded_when_it_is_sent_again(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = agent_trace()

    async def break_off(*_: object, **__: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(receiving, "record_trace", break_off)
        refused = await export(graphql.http, as_json(*trace.spans))
    assert refused.status_code == 503
    assert await count_spans(engine, "recorded_at IS NULL") == 4
    await send(graphql, *trace.spans)
    await check_agent_trace(graphql, trace)
    await check_invariants(engine)


async def test_a_database_that_is_away_is_told_of_once(engine: AsyncEngine) -> None:
    away = create_engine(Settings(), engine.url.set(port=1))
    sweep = SpanSweep(away, Changes(), SpanMetrics(Metrics()))
    with capture_logs() as logs:
        for _ in range(3):
            await sweep.look()
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("warning", "spans not recorded")
    ]
    assert logs[0]["exc_info"] is None
    await away.dispose()


async def test_spans_are_forgotten_after_a_while(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    trace = agent_trace()
    await send(graphql, *trace.spans)
    assert await count_spans(engine) == 5
    await sweep_later(engine, timedelta(hours=2))
    assert await count_spans(engine) == 4, "a link is kept for an hour"
    await sweep_later(engine, timedelta(hours=23))
    assert await count_spans(engine) == 0
    await check_agent_trace(graphql, trace)


@pytest.mark.parametrize("kind", ["embeddings", "retrieval", "something new"])
async def test_other_operations_are_ignored(
    graphql: GraphQLClient, engine: AsyncEngine, kind: str
) -> None:
    given = {"gen_ai.operation.name": kind, "gen_ai.conversation.id": "conversation"}
    await send(graphql, Span(new_trace(), given))
    assert await count_sessions(graphql) == 0


async def test_an_agent_that_is_created_is_an_agent(graphql: GraphQLClient) -> None:
    given = {
        "gen_ai.operation.name": "create_agent",
        "gen_ai.agent.id": "asst_1",
        "gen_ai.agent.name": "Clerk",
        "gen_ai.agent.description": "Weighs parcels.",
    }
    for _ in range(2):
        await send(graphql, Span(new_trace(), given))
    data = await graphql.execute("{ agents { nodes { agentId name description } } }")
    (agent,) = data["agents"]["nodes"]
    assert agent == {"agentId": "asst_1", "name": "Clerk", "description": "Weighs parcels."}
    assert await count_sessions(graphql) == 0
