"""Spans over HTTP: how they are sent, refused and sent again, and what becomes of them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.app import create_app
from server.database import create_engine
from server.settings import Settings
from tests.conftest import client_of_app, http_client
from tests.exchange.spans.exports import (
    AgentTrace,
    Span,
    agent_trace,
    as_json,
    as_protobuf,
    chat,
    new_trace,
    zipped,
)
from tests.exchange.spans.stored import said, stored_session
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, digest_rows

JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}
GZIP = {"content-encoding": "gzip"}


async def export(
    http: httpx2.AsyncClient, body: bytes, headers: dict[str, str] = JSON
) -> httpx2.Response:
    return await http.post("/v1/traces", content=body, headers=headers)


@pytest.fixture
async def checked(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The store, which must be as it must be when the test is over."""
    yield engine
    await check_invariants(engine)


async def check_agent_trace(graphql: GraphQLClient, trace: AgentTrace) -> None:
    """Check that the whole trace is recorded, once."""
    session = await stored_session(graphql, "conversation")
    assert (session["kind"], session["status"]) == ("ROOT", "ACTIVE")
    assert session["messages"] == []
    (run,) = session["runs"]
    assert run["sessionId"] == f"span:{trace.run.trace}:{trace.run.id}"
    assert (run["kind"], run["status"], run["title"]) == ("SUBAGENT", "COMPLETED", "clerk")
    assert run["agent"] == {"agentId": "clerk", "name": "clerk"}
    assert run["startedAt"] == "2026-09-21T14:13:21Z"
    assert run["endedAt"] == "2026-09-21T14:13:29Z"
    assert said(run) == [
        ("SYSTEM", "Be brief."),
        ("USER", "How heavy is it?"),
        ("ASSISTANT", None),
        ("TOOL", '{"grams":420}'),
        ("ASSISTANT", "420 grams."),
    ]
    asked, last = run["messages"][2], run["messages"][4]
    (call,) = asked["toolCalls"]
    assert (call["toolCallId"], call["toolName"]) == ("call-1", "weigh")
    assert (call["arguments"], call["result"]) == ({"parcel": "JX-2041"}, {"grams": 420})
    assert call["status"] == "SUCCEEDED"
    assert (last["provider"], last["requestModel"]) == ("openai", "gpt-4.1")
    assert last["responseModel"] == "gpt-4.1-2025-04-14"
    assert (last["inputTokens"], last["outputTokens"], last["durationMs"]) == (10, 5, 1000)
    assert (last["traceId"], last["spanId"]) == (trace.second.trace, trace.second.id)
    assert (run["inputTokens"], run["outputTokens"]) == (20, 10)


@pytest.mark.parametrize(
    ("write", "headers"),
    [
        (as_json, JSON),
        (as_protobuf, PROTOBUF),
        (lambda *spans: zipped(as_json(*spans)), {**JSON, **GZIP}),
        (lambda *spans: zipped(as_protobuf(*spans)), {**PROTOBUF, **GZIP}),
        (as_json, {"content-type": "application/json; charset=utf-8"}),
    ],
    ids=["json", "protobuf", "json in gzip", "protobuf in gzip", "with a charset"],
)
async def test_an_export_is_recorded_in_any_encoding(
    graphql: GraphQLClient, checked: AsyncEngine, write: Any, headers: dict[str, str]
) -> None:
    trace = agent_trace()
    for _ in range(2):  # the second time, nothing is new
        answered = await export(graphql.http, write(*trace.spans), headers)
        assert answered.status_code == 200
        assert answered.headers["content-type"] == headers["content-type"].partition(";")[0]
        if answered.headers["content-type"] == JSON["content-type"]:
            assert answered.json() == {}
        else:
            assert not ExportTraceServiceResponse.FromString(answered.content).ListFields()
        await check_agent_trace(graphql, trace)


async def test_what_a_link_says_is_no_matter(graphql: GraphQLClient, checked: AsyncEngine) -> None:
    trace = agent_trace()
    trace.request.attributes = {"session.id": "\x00", "url.path": "x" * 5_000_000}
    assert (await export(graphql.http, as_json(*trace.spans))).json() == {}
    await check_agent_trace(graphql, trace)


async def test_an_empty_export_is_taken(graphql: GraphQLClient) -> None:
    for body, headers in ((b"{}", JSON), (b"", PROTOBUF), (as_json(), JSON)):
        assert (await export(graphql.http, body, headers)).status_code == 200


async def test_a_span_that_cannot_be_recorded_leaves_its_neighbours(
    graphql: GraphQLClient, checked: AsyncEngine
) -> None:
    trace = agent_trace()
    bad = [
        Span(trace.run.trace, chat(gen_ai__conversation__id="x" * 600), trace.run, name="long"),
        Span(trace.run.trace, chat(gen_ai__usage__input_tokens=-1), trace.run, name="negative"),
        Span(trace.run.trace, chat([{"role": "user", "content": "\x00"}]), trace.run, name="NUL"),
    ]
    members = {**trace.first.members(), "spanId": "00" * 8}
    answered = await export(graphql.http, as_json(*bad, members, *trace.spans))
    assert answered.status_code == 200
    told = answered.json()["partialSuccess"]
    assert told["rejectedSpans"] == "4"
    for part in ("long: ", "negative: inputTokens: Must be", "NUL: ", "spanId: Must be 8 bytes"):
        assert part in told["errorMessage"]
    await check_agent_trace(graphql, trace)
    again = await export(graphql.http, as_protobuf(bad[1]), PROTOBUF)
    partial = ExportTraceServiceResponse.FromString(again.content).partial_success
    assert partial.rejected_spans == 1
    assert "inputTokens" in partial.error_message


def _deep(levels: int) -> bytes:
    members = agent_trace().first.members()
    whole = as_json({**members, "attributes": [{"key": "deep", "value": {"stringValue": "x"}}]})
    begin, end = b'{"arrayValue":{"values":[' * levels, b"]}}" * levels
    return whole.replace(b'{"stringValue":"x"}', begin + b'{"stringValue":"x"}' + end)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"nonsense", JSON),
        (b"[]", JSON),
        (b'{"resourceSpans": {}}', JSON),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [1]}]}]}', JSON),
        (as_json({"traceId": "not hexadecimal"}), JSON),
        (as_json({"traceId": 1}), JSON),
        (as_json({"startTimeUnixNano": "soon"}), JSON),
        (as_json({"attributes": [{"key": "a", "value": {"intValue": 1.5}}]}), JSON),
        (_deep(70), JSON),
        (_deep(2_000), JSON),
        (b"\xff\xff", PROTOBUF),
        (as_json(), PROTOBUF),
        (b"nonsense", {**JSON, **GZIP}),
        (zipped(as_json())[:-5], {**JSON, **GZIP}),
        (b"", {**PROTOBUF, **GZIP}),
        (zipped(b"") * 500, {**PROTOBUF, **GZIP}),
    ],
)
async def test_what_is_malformed_is_refused_for_good(
    graphql: GraphQLClient, engine: AsyncEngine, body: bytes, headers: dict[str, str]
) -> None:
    before = await digest_rows(engine)
    answered = await export(graphql.http, body, headers)
    assert answered.status_code == 400
    if headers["content-type"] == PROTOBUF["content-type"]:
        message = Status.FromString(answered.content).message
    else:
        message = answered.json()["message"]
    assert message.startswith("The body must be")
    assert await digest_rows(engine) == before


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", JSON, 405),
        ("POST", {"content-type": "text/plain"}, 415),
        ("POST", {}, 415),
        ("POST", {**JSON, "content-encoding": "br"}, 415),
        ("POST", {**JSON, "content-length": "99999999999"}, 413),
    ],
)
async def test_requests_of_another_kind_are_refused(
    graphql: GraphQLClient, method: str, headers: dict[str, str], status: int
) -> None:
    answered = await graphql.http.request(method, "/v1/traces", content=b"{}", headers=headers)
    assert answered.status_code == status
    assert answered.json()["message"]


async def test_what_is_too_large_is_refused_packed_or_not(engine: AsyncEngine) -> None:
    app = create_app(Settings(insecure=True, max_body_bytes=10_000), engine)
    large = as_json(*agent_trace().spans, *agent_trace().spans, *agent_trace().spans)
    assert len(large) > 10_000 > len(zipped(large))
    bomb = zipped(b" " * 5_000_000)
    assert len(bomb) < 10_000
    async with client_of_app(app) as http:
        for body, headers in (
            (large, JSON),
            (zipped(large), {**JSON, **GZIP}),
            (bomb, {**JSON, **GZIP}),
            (bomb + bomb, {**JSON, **GZIP}),
        ):
            answered = await export(http, body, headers)
            assert answered.status_code == 413
            assert "10,000 bytes" in answered.json()["message"]
        members = [zipped(b'{"resourceSpans"'), zipped(b": []}")]
        assert (await export(http, b"".join(members), {**JSON, **GZIP})).status_code == 200


async def test_a_key_opens_its_project_and_needs_its_scope(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "other")
        records = await create_key(connection, "other", "agent", [Scope.RECORD])
        reads = await create_key(connection, "other", "dashboard", [Scope.READ])
        all_of_it = await create_key(connection, "other", "both", [Scope.READ, Scope.RECORD])
    trace = agent_trace()
    for key, status in ((reads, 403), ("sg_no_key", 401), (records, 200), (records, 200)):
        async with http_client(engine, key) as http:
            answered = await export(http, as_json(*trace.spans))
            assert answered.status_code == status
            if status != 200:
                assert answered.json()["message"]
    assert (await graphql.execute("{ sessions { totalCount } }"))["sessions"]["totalCount"] == 0
    async with http_client(engine, all_of_it) as http:
        await check_agent_trace(GraphQLClient(http), trace)
    # the same spans of another project are others
    assert (await export(graphql.http, as_json(*trace.spans))).status_code == 200
    await check_agent_trace(graphql, trace)
    await check_invariants(engine)


async def test_no_key_is_refused_where_one_is_needed(engine: AsyncEngine) -> None:
    app = create_app(Settings(host="0.0.0.0"), engine)  # noqa: S104
    async with client_of_app(app) as http:
        answered = await export(http, as_protobuf(*agent_trace().spans), PROTOBUF)
    assert answered.status_code == 401
    assert answered.headers["www-authenticate"] == "Bearer"
    assert "API key" in Status.FromString(answered.content).message


async def test_who_sends_too_much_is_told_to_wait(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "other")
        key = await create_key(connection, "other", "agent", [Scope.RECORD])
    app = create_app(Settings(insecure=True, max_cost_per_minute=8), engine)
    async with client_of_app(app, key) as http:
        first = await export(http, as_json(*agent_trace().spans))
        second = await export(http, as_json(*agent_trace().spans))
        third = await export(http, as_json(*agent_trace().spans))
    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
    assert int(third.headers["retry-after"]) > 0


async def test_other_names_of_a_local_server_are_refused(engine: AsyncEngine) -> None:
    app = create_app(Settings(), engine)
    async with client_of_app(app) as http:
        rebound = await http.post(
            "/v1/traces", content=b"{}", headers={**JSON, "host": "rebound.example"}
        )
        assert rebound.status_code == 400
        own = await http.post("/v1/traces", content=b"{}", headers={**JSON, "host": "localhost"})
        assert own.status_code == 200


async def test_an_export_is_logged_without_what_it_said(
    graphql: GraphQLClient, caplog: pytest.LogCaptureFixture
) -> None:
    bad = Span(new_trace(), chat(gen_ai__conversation__id="secret" * 100))
    await export(graphql.http, as_json(bad))
    assert "secret" not in caplog.text


async def test_spans_are_counted_by_what_became_of_them(engine: AsyncEngine) -> None:
    trace = agent_trace()
    app = create_app(Settings(insecure=True), engine)
    async with client_of_app(app) as http:
        bad = Span(trace.run.trace, chat(gen_ai__usage__input_tokens=-1), trace.run)
        await export(http, as_json(bad, trace.first))
        await export(http, as_json(*trace.spans))
        figures = (await http.get("/metrics")).text.splitlines()
    counted = {line for line in figures if line.startswith("sessiongraph_otlp_spans_total")}
    expected = {"rejected": 1, "waiting": 1, "duplicate": 1, "recorded": 4, "ignored": 1}
    assert counted == {
        f'sessiongraph_otlp_spans_total{{result="{result}"}} {number}.0'
        for result, number in expected.items()
    }


async def test_a_database_that_is_away_is_told_to_try_again(
    engine: AsyncEngine, graphql: GraphQLClient
) -> None:
    trace = agent_trace()
    away = create_engine(Settings(), engine.url.set(port=1))
    async with client_of_app(create_app(Settings(insecure=True), away)) as http:
        refused = await export(http, as_json(*trace.spans))
    await away.dispose()
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert orjson.loads(refused.content)["message"]
    assert (await export(graphql.http, as_json(*trace.spans))).status_code == 200
    await check_agent_trace(graphql, trace)
    await check_invariants(engine)
