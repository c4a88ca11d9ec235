"""What Prometheus is told, and who may ask."""

import re

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.operations.operation_metrics import MAX_NAMES
from server.settings import Settings


def client_of(engine: AsyncEngine, port: int = 8000, **settings: object) -> httpx2.AsyncClient:
    """A client of the real application, as if it had come in by a port."""
    app = create_app(Settings(**{"insecure": True, **settings}), engine)  # type: ignore[arg-type]
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}")


async def _figures(client: httpx2.AsyncClient) -> dict[str, float]:
    """Read the figures by name and labels, as `name{a=b,c=d}`."""
    response = await client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    figures = {}
    for family in text_string_to_metric_families(response.text):
        assert family.documentation
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
            figures[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return figures


async def _send(client: httpx2.AsyncClient, query: str, **headers: str) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


async def test_operations_are_counted(engine: AsyncEngine) -> None:
    async with client_of(engine, plans_queries=False, max_depth=5) as client:
        query = "query Names { sessions { nodes { agent { name } } } }"
        for number in range(2):
            await _send(
                client,
                f'mutation {{ createSession(input: {{sessionId: "{number}"}}) {{ created }} }}',
            )
        for _ in range(3):
            sent = len((await _send(client, query)).content)
        await _send(client, "{ nothing }")
        await _send(client, "{ sessions { nodes { children { nodes { parent { id } } } } } }")
        await _send(client, "{ __typename }", authorization="Bearer sg_a_b")
        figures = await _figures(client)
    operations = "sessiongraph_operations_total"
    assert figures[f"{operations}{{code=,kind=query,operation=Names}}"] == 3
    assert figures[f"{operations}{{code=,kind=mutation,operation=}}"] == 2
    assert figures[f"{operations}{{code=BAD_USER_INPUT,kind=none,operation=}}"] == 1
    assert figures[f"{operations}{{code=LIMITED,kind=none,operation=}}"] == 1
    assert figures[f"{operations}{{code=UNAUTHENTICATED,kind=none,operation=}}"] == 1
    seconds = "sessiongraph_operation_duration_seconds"
    assert figures[f"{seconds}_count{{kind=query,operation=Names}}"] == 3
    assert figures[f"{seconds}_bucket{{kind=query,le=+Inf,operation=Names}}"] == 3
    assert 0 < figures[f"{seconds}_sum{{kind=query,operation=Names}}"] < 60
    assert figures["sessiongraph_authentication_failures_total"] == 1
    # of each the key, two mutations and the page of sessions of three queries; no agent is there
    assert figures["sessiongraph_statements_total"] >= 2 + 3
    assert figures["sessiongraph_loader_batch_keys_count"] == 3
    assert figures["sessiongraph_connection_wait_seconds_total"] == 0
    assert figures["sessiongraph_response_bytes_total"] > 3 * sent
    assert figures["sessiongraph_document_hits_total"] == 2
    assert figures["sessiongraph_document_misses_total"] == 5
    assert figures["sessiongraph_documents"] == 3
    assert figures["sessiongraph_pool_size"] == 20
    assert figures["sessiongraph_pool_in_use"] == figures["sessiongraph_pool_waiting"] == 0
    assert figures["process_cpu_seconds_total"] > 0
    assert figures["process_resident_memory_bytes"] > 1e7
    assert figures["process_open_fds"] > 0


async def test_the_pool_is_the_one_that_the_engine_has_now(engine: AsyncEngine) -> None:
    async with client_of(engine) as client:
        await engine.dispose()  # as a server does when it starts
        async with engine.connect():
            assert (await _figures(client))["sessiongraph_pool_in_use"] == 1


async def test_a_limit_is_counted_by_its_name(engine: AsyncEngine) -> None:
    async with client_of(engine, max_response_bytes=20) as client:
        await _send(client, "{ sessions { totalCount } }")
        figures = await _figures(client)
    assert figures["sessiongraph_limits_refused_total{limit=bytes of the answer}"] == 1


async def test_the_names_of_operations_are_bounded(engine: AsyncEngine) -> None:
    async with client_of(engine) as client:
        for number in range(MAX_NAMES + 5):
            await _send(client, f"query Name{number} {{ __typename }}")
        await _send(client, "query Name0 { __typename }")
        figures = await _figures(client)
    named = {name: value for name, value in figures.items() if name.startswith("sessiongraph_op")}
    found = {re.findall(r"operation=(\w*)", name)[0] for name in named}
    assert len(found) == MAX_NAMES + 1
    counted = "sessiongraph_operations_total{code=,kind=query,operation="
    assert named[f"{counted}other}}"] == 5
    assert named[f"{counted}Name0}}"] == 2


@pytest.mark.parametrize(
    ("settings", "port", "status"),
    [
        ({}, 8000, 200),
        ({"host": "0.0.0.0"}, 8000, 404),  # noqa: S104
        ({"metrics_port": 9464}, 8000, 404),
        ({"metrics_port": 9464}, 9464, 200),
        ({"metrics_port": 9464, "host": "0.0.0.0"}, 9464, 200),  # noqa: S104
    ],
)
async def test_metrics_are_on_loopback_or_on_a_port_of_their_own(
    engine: AsyncEngine, settings: dict[str, object], port: int, status: int
) -> None:
    async with client_of(engine, port, **settings) as client:
        assert (await client.get("/metrics")).status_code == status


async def test_the_port_of_the_metrics_has_nothing_else(engine: AsyncEngine) -> None:
    async with client_of(engine, 9464, metrics_port=9464) as client:
        assert (await _send(client, "{ __typename }")).status_code == 404
        rebound = await client.get("/metrics", headers={"host": "rebound.example"})
        assert rebound.status_code == 400
