"""Each operation has a line with what it took, and a slow one a warning."""

from asyncio import create_task, sleep
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from resolvers.database_use import DatabaseUse, database_use
from resolvers.pooled_connection import give_back, take_connection, waiting_for_connection
from tests.graphql_client import GraphQLClient
from tests.history import fill
from tests.resolvers.test_pooled_connection import small
from tests.server.http.toy_schema import toy_client
from tests.statements import recorded_statements

OPERATIONS = [
    "{ __typename }",
    "query Page { sessions(first: 2) { totalCount nodes { agent { id } treeUsage { costUsd } } } }",
    '{ session(id: "nobody") { id } }',
    'mutation { createAgent(input: {agentId: "a", name: "A"}) { agent { id } } }',
    (
        'mutation { createSession(input: {sessionId: "s", agent: "a", idempotencyKey: "k"})'
        " { replayed session { title messages { nodes { id } } } } }"
    ),
    (
        'mutation { createSession(input: {sessionId: "s", agent: "a", idempotencyKey: "k"})'
        " { replayed } }"
    ),
    (
        'mutation { recordMessage(input: {session: "nobody", role: USER, content: "x"})'
        " { message { id } } }"
    ),
    (
        "mutation { recordBatch(input: {records: ["
        '{recordMessage: {session: "s", role: USER, content: "x"}}, '
        '{recordMessage: {session: "s", role: USER, content: "y"}}]}) { recordedCount } }'
    ),
]


async def test_the_line_counts_the_statements_of_either_executor(
    graphql: GraphQLClient, resolved: GraphQLClient, engine: AsyncEngine
) -> None:
    await fill(engine, 3)
    for client in (graphql, resolved):
        for document in OPERATIONS:
            async with recorded_statements(engine) as statements:
                with capture_logs() as logs:
                    await client.send(document)
            (line,) = [each for each in logs if each["event"] == "request"]
            assert line["statements"] == len(statements), document
            assert line["kind"] in document.replace("{ ", "query", 1)


async def test_the_line_has_what_is_known_of_a_request(graphql: GraphQLClient) -> None:
    with capture_logs() as logs:
        response = await graphql.http.post(
            "/graphql", json={"query": 'query One { session(id: "nobody") { id } }'}
        )
    (line,) = logs
    assert line.pop("milliseconds") > 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "bytes": len(response.content),
        "operation": "One",
        "kind": "query",
        "key": None,
        "cost": 0,
        "statements": 1,
        "errors": 0,
        "code": None,
    }


async def test_a_refusal_has_its_code() -> None:
    async with toy_client() as client:
        with capture_logs() as logs:
            await client.post("/graphql", json={"query": "{ hello"})
            await client.post("/graphql", content=b"no", headers={"content-type": "text/plain"})
            await client.get("/nowhere")
    codes = [(line["status"], line.get("code"), line.get("errors")) for line in logs]
    assert codes == [(200, "BAD_USER_INPUT", 1), (415, "BAD_USER_INPUT", 1), (404, None, None)]


async def test_a_slow_operation_is_named_by_the_hash_of_its_document() -> None:
    document = "query Slow($name: String) { hello(name: $name) }"
    body = {"query": document, "variables": {"name": "private"}}
    async with toy_client(slow_operation_seconds=1e-9) as client:
        with capture_logs() as logs:
            await client.post("/graphql", json=body)
    (warning,) = [line for line in logs if line["event"] == "slow operation"]
    assert warning["log_level"] == "warning"
    assert warning["operation"] == "Slow"
    assert warning["document"] == sha256(document.encode()).hexdigest()
    assert warning["milliseconds"] >= warning["milliseconds_waiting"] == 0
    assert "private" not in str(logs)
    assert "hello" not in str(logs)
    for seconds in (0, 60):
        async with toy_client(slow_operation_seconds=seconds) as client:
            with capture_logs() as logs:
                await client.post("/graphql", json=body)
        assert [line["event"] for line in logs] == ["request"]


async def test_the_wait_for_a_connection_is_counted(engine: AsyncEngine) -> None:
    alone = small(engine, timeout_seconds=60)
    held = await take_connection(alone)
    use = DatabaseUse()

    async def take() -> None:
        database_use.set(use)
        give_back(alone, await take_connection(alone))

    waiting = create_task(take())
    await sleep(0)
    assert waiting_for_connection(alone) == 1
    give_back(alone, held)
    await waiting
    assert waiting_for_connection(alone) == 0
    assert use.waited > 0
    await alone.dispose()
