"""`exportSession`: the lines of a tree, over the API."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive import session_tree
from server.app import create_app
from server.settings import Settings
from tests.conftest import client_of_app
from tests.factories import create_agent, create_memory, create_session, record_tool_call
from tests.graphql_client import GraphQLClient
from tests.history import fill

EXPORT = "query ($id: ID!) { exportSession(id: $id) }"


async def export(graphql: GraphQLClient, session: str) -> list[dict[str, Any]] | None:
    lines: list[dict[str, Any]] | None = (await graphql.execute(EXPORT, id=session))[
        "exportSession"
    ]
    return lines


async def test_a_tree_is_given_as_its_lines(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await fill(engine, 2)
    lines = await export(graphql, "s0")
    assert lines is not None
    assert lines[0]["sessiongraph"]["exported"] == "session"
    assert "exportedAt" not in lines[0]["sessiongraph"], "so that the same is the same"
    assert lines[-1]["end"]["rows"] == len(lines) - 2
    names = [line["session"]["sessionId"] for line in lines if "session" in line]
    assert names == ["s0", "s0.1", "s0.2", "s0.1.1"]
    assert await export(graphql, "s0.1.1") == lines, "whichever of its sessions is named"


async def test_what_a_tree_refers_to_goes_with_it(graphql: GraphQLClient) -> None:
    for agent in ("a", "b", "c"):
        await create_agent(graphql, agent)
    await create_session(graphql, "s", agent="a")
    await create_session(graphql, "other", agent="b")
    await create_memory(graphql, session="s", agent="c")
    await create_memory(graphql, session="other")
    lines = await export(graphql, "s") or []
    found = [next(iter(line)) for line in lines]
    assert found.count("memory") == 1
    agents = [line["agent"]["agentId"] for line in lines if "agent" in line]
    assert agents == ["a", "c"], "that of the session, that of the memory, no other"


async def test_a_document_stands_to_the_letter(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_tool_call(graphql, arguments={"b": 1, "a": [1.0, 2.50]})
    response = await graphql.http.post(
        "/graphql", json={"query": EXPORT, "variables": {"id": "session"}}
    )
    assert b'"arguments":{"b":1,"a":[1.0,2.5]}' in response.content


async def test_what_is_not_there_is_null(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    session = await create_session(graphql)
    assert await export(graphql, "nobody") is None
    for mine in ("session", session["id"]):
        assert await export(graphql, mine) is not None
        assert await export(other_project, mine) is None
    agent = await create_agent(graphql)
    assert (await graphql.send(EXPORT, id=agent["id"])).error["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(("limit", "least"), [("MAXIMUM_ROWS", 50), ("MAXIMUM_BYTES", 10_000)])
async def test_a_tree_that_is_too_large_is_refused(
    limit: str,
    least: int,
    graphql: GraphQLClient,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await fill(engine, 1)
    monkeypatch.setattr(session_tree, limit, least)
    error = (await graphql.send(EXPORT, id="s0")).error
    assert (error["code"], error["field"]) == ("LIMITED", "id")
    assert "sessiongraph export" in error["message"]


async def test_its_rows_are_counted_before_it_runs(engine: AsyncEngine) -> None:
    app = create_app(Settings(insecure=True, max_cost=2 * session_tree.MAXIMUM_ROWS), engine)
    async with client_of_app(app) as http:
        graphql = GraphQLClient(http)
        many = " ".join(f'e{number}: exportSession(id: "s")' for number in range(3))
        assert (await graphql.send(f"{{ {many} }}")).error["code"] == "LIMITED"
        assert not (await graphql.send('{ exportSession(id: "s") }')).errors
