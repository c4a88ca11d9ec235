"""A planned query is one statement; without the plan a level is one, for any number of parents."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from resolvers.context import Context
from resolvers.recording import Recording
from resolvers.session import create_session
from resolvers.transaction import record
from schema.declarations import LoadedField, OneField, PageField, SubjectField
from tests.graphql_client import GraphQLClient
from tests.history import ROADS, fill, links
from tests.statements import recorded_statements


def _documents() -> list[str]:
    """A document for each link that a node declares, from many sessions on."""
    documents = [
        ROADS[name].format(f"{field}(first: 2) {{ totalCount nodes {{ id }} }}")
        for name, field in links(PageField)
    ]
    return documents + [
        ROADS[name].format(f"{field} {{ id }}") for name, field in links(OneField, SubjectField)
    ]


@pytest.fixture
async def many(engine: AsyncEngine) -> None:
    await fill(engine, 70)


@pytest.mark.usefixtures("many")
async def test_every_link_costs_the_same_for_2_and_for_200_parents(
    graphql: GraphQLClient, resolved: GraphQLClient, engine: AsyncEngine
) -> None:
    documents = _documents()
    assert len(documents) > 50
    for document in documents:
        counts = []
        for size in (2, 200):
            query = f"{{ sessions(last: {size}) {{ nodes {{ {document} }} }} }}"
            async with recorded_statements(engine) as planned:
                await graphql.execute(query)
            assert len(planned) == 1, document
            async with recorded_statements(engine) as statements:
                data = await resolved.execute(query)
            assert len(data["sessions"]["nodes"]) == size
            assert "'id'" in str(data), f"nothing is at the end of {document}"
            counts.append(len(statements))
        assert counts[0] == counts[1], document


TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = f'from: "{TODAY.isoformat()}", to: "{(TODAY + timedelta(days=2)).isoformat()}"'
WORKED_OUT = {
    ("Session", "treeUsage"): ("{ sessionCount }", 1),
    ("Session", "history"): ("(last: 1) { id toolCallId }", 1),
    ("Agent", "usage"): (f"({DAYS}, bucket: HOUR) {{ start sessionCount }}", 1),
    ("Agent", "versionPerformance"): (f"({DAYS}) {{ sessionCount version {{ id }} }}", 2),
    ("Memory", "accessStats"): (
        f"({DAYS}, bucket: DAY) {{ accessCount buckets {{ accessCount }} }}",
        1,
    ),
    ("ModuleState", "asOf"): ("(revision: 2) { revision state transition { id } }", 2),
}
"""How to ask for a field that a loader works out, and the statements that it costs."""
INTEGRITY = """integrity { callsWithoutResult { id } callsWithoutResultCount
  resultsWithoutCall { id } resultsWithoutCallCount }"""
_TABLE = re.compile(rf"\b({'|'.join(Base.metadata.tables)})\b(?: AS (\w+))?(?!\.)")


@pytest.mark.usefixtures("many")
async def test_what_is_worked_out_costs_the_same_for_2_and_for_200_parents(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    assert set(WORKED_OUT) == set(links(LoadedField))
    fields = [
        (name, f"{field}{selection}", costs)
        for (name, field), (selection, costs) in WORKED_OUT.items()
    ]
    for name, field, costs in [*fields, ("Session", INTEGRITY, 2)]:
        counts = []
        for size in (2, 200):
            for asked in ("id", field):
                road = ROADS[name].format(asked)
                async with recorded_statements(engine) as statements:
                    await graphql.execute(f"{{ sessions(last: {size}) {{ nodes {{ {road} }} }} }}")
                counts.append(len(statements))
                for statement in statements:
                    for table, alias in _TABLE.findall(statement.query):
                        assert f"{alias or table}.project_id = " in statement.query, statement
        plain, two, plain_again, two_hundred = counts
        assert plain == plain_again, name
        assert two == two_hundred == plain + costs, field


@pytest.mark.usefixtures("many")
async def test_a_dashboards_page_costs_a_statement_or_one_a_level(
    graphql: GraphQLClient, resolved: GraphQLClient, engine: AsyncEngine
) -> None:
    query = """query ($n: Int!) { sessions(last: $n) { nodes {
      title agent { name activeVersion { versionNumber } }
      messages(last: 20) { nodes { content toolCalls { nodes { toolName confirmation { id } } } } }
      memories { nodes { content accesses { nodes { accessType } } } }
    } } }"""
    for size in (3, 200):
        async with recorded_statements(engine) as planned:
            data = await graphql.execute(query, n=size)
        assert len(planned) == 1
        async with recorded_statements(engine) as statements:
            assert await resolved.execute(query, n=size) == data
        # sessions, agents, active versions, messages, tool calls, confirmations, memories, accesses
        assert len(statements) == 8


async def test_descendants_at_any_depth_are_one_statement(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    async def chain(recording: Recording, length: int) -> dict[str, Any]:
        await create_session(recording, session_id="0")
        for depth in range(1, length):
            await create_session(recording, session_id=str(depth), parent=str(depth - 1))
        return {}

    await record(Context(engine, 1), "chain", chain, {"length": 60})
    for start, below in (("58", 1), ("0", 59)):
        async with recorded_statements(engine) as statements:
            data = await graphql.execute(
                """query ($id: ID!) { session(id: $id) {
                  descendants(first: 200) { nodes { sessionId depth } } } }""",
                id=start,
            )
        nodes = data["session"]["descendants"]["nodes"]
        assert [node["depth"] for node in nodes] == list(range(int(start) + 1, 60))
        assert len(nodes) == below
        assert len(statements) == 1


async def test_rows_are_counted_only_when_asked_for(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    async with recorded_statements(engine) as statements:
        await graphql.execute("{ sessions { nodes { id } } }")
    assert "count(" not in statements[0].query
    async with recorded_statements(engine) as statements:
        await graphql.execute("{ sessions { nodes { id } totalCount } }")
    assert "count(" in statements[0].query


async def test_an_answer_reads_nothing_that_was_just_written(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await graphql.record("createSession", "created", sessionId="s")
    async with recorded_statements(engine) as statements:
        await graphql.record(
            "recordMessage",
            "message { sequence } session { messageCount }",
            session="s",
            role="USER",
        )
    assert not [each for each in statements if each.query.startswith("SELECT")]


async def test_root_fields_of_a_kind_are_one_statement(
    graphql: GraphQLClient, resolved: GraphQLClient, engine: AsyncEngine
) -> None:
    await fill(engine, 3)
    aliased = " ".join(f'a{number}: session(id: "s{number}") {{ id }}' for number in range(3))
    for client in (graphql, resolved):
        async with recorded_statements(engine) as statements:
            data = await client.execute(f"{{ {aliased} }}")
        assert None not in data.values()
        assert len(statements) == 1
        ids = [found["id"] for found in data.values()]
        async with recorded_statements(engine) as statements:
            data = await client.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
        assert [node["id"] for node in data["nodes"]] == ids
        assert len(statements) == 1


async def test_a_connection_that_is_resolved_twice_is_read_once(
    resolved: GraphQLClient, engine: AsyncEngine
) -> None:
    await fill(engine, 3)
    for second, count in (("first: 2", 2), ("last: 2", 3)):
        async with recorded_statements(engine) as statements:
            await resolved.execute(
                f"""{{ sessions {{ nodes {{
                  a: messages(first: 2) {{ nodes {{ id }} }}
                  b: messages({second}) {{ nodes {{ id }} }}
                }} }} }}"""
            )
        assert len(statements) == count
