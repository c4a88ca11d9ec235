"""What connections offer, they find by an index: shown by the plans for 200,000 rows."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from schema import schema
from tests.graphql_client import GraphQLClient
from tests.statements import recorded_statements

ROWS = 200_000

# a tenth of what is there belongs to another project
_FILL = (
    # no foreign keys are checked, which would take most of the time
    "SET LOCAL session_replication_role = replica",
    """INSERT INTO projects (id, name) VALUES (2, 'two') ON CONFLICT DO NOTHING""",
    """INSERT INTO agents (project_id, id, agent_id, name, input_hash)
    SELECT 1, gen_random_uuid(), 'agent ' || n, 'Agent ' || n % 50, ''
    FROM generate_series(1, 5000) n""",
    """INSERT INTO sessions (project_id, id, root_id, session_id, agent_id, user_id, status, tags,
        metadata, context, quality_score, created_at, started_at, ended_at, last_activity_at,
        input_hash)
    SELECT 1, n.id, n.id, 'session ' || n, a.id, 'user ' || n % 1000,
        (ARRAY['ACTIVE', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED'])[1 + n % 5],
        ARRAY['tag ' || n % 100, 'tag ' || n % 7], jsonb_build_object('number', n % 5000),
        jsonb_build_object('place', n % 5000), CASE WHEN n % 3 > 0 THEN n % 100 / 100.0 END,
        t.at, t.at, CASE WHEN n % 5 > 0 THEN t.at + interval '1 hour' END, t.at, ''
    FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, :rows) n) n
    JOIN (SELECT id, row_number() OVER () AS number FROM agents) a ON a.number = 1 + n % 100,
    LATERAL (SELECT timestamptz '2026-01-01' + n * interval '1 minute' AS at) t""",
    """INSERT INTO messages (project_id, id, session_id, sequence, role)
    SELECT 1, gen_random_uuid(), id, 1, 'ASSISTANT' FROM sessions""",
    """INSERT INTO tool_calls (project_id, id, session_id, message_id, index, tool_name, status,
        duration_ms, created_at, ended_at)
    SELECT 1, gen_random_uuid(), m.session_id, m.id, 0, 'tool ' || n % 200,
        (ARRAY['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED'])[1 + n % 4],
        CASE WHEN n % 3 > 0 THEN n END, timestamptz '2026-01-01' + n * interval '1 minute', now()
    FROM (SELECT *, row_number() OVER () AS n FROM messages) m""",
    """INSERT INTO confirmations (project_id, id, session_id, tool_call_id, tool_name, status,
        decided_at, created_at)
    SELECT 1, gen_random_uuid(), session_id, id, tool_name,
        CASE WHEN n % 100 = 0 THEN 'PENDING' ELSE 'APPROVED' END,
        CASE WHEN n % 100 = 0 THEN NULL ELSE now() END, created_at
    FROM (SELECT *, row_number() OVER () AS n FROM tool_calls) c""",
    """INSERT INTO module_states (project_id, id, session_id, module_id, state, state_hash,
        created_at, updated_at)
    SELECT 1, gen_random_uuid(), id, 'module ' || n % 100, '{}', sha256(''), created_at, created_at
    FROM (SELECT *, row_number() OVER () AS n FROM sessions) s""",
    """INSERT INTO memories (project_id, id, agent_id, type, user_id, content, metadata,
        importance, created_at, updated_at)
    SELECT 1, gen_random_uuid(), agent_id, 'type ' || n % 500, user_id,
        jsonb_build_object('fact', n % 5000), metadata, quality_score, created_at, created_at
    FROM (SELECT *, row_number() OVER () AS n FROM sessions) s""",
    "ANALYZE",
)

COMMON: dict[str, list[dict[str, Any]]] = {
    "sessions": [
        {"status": {"eq": "FAILED"}},
        {"status": {"in": ["ACTIVE", "FAILED"]}},
        {"userId": {"eq": "user 7"}},
        {"agent": {"eq": "agent 7"}},
        {"tags": {"contains": ["tag 99"]}},
        {"metadata": {"contains": {"number": 7}}},
        {"context": {"contains": {"place": 7}}},
        {"sessionId": {"eq": "session 7"}},
        {"id": {"eq": "session 7"}},
        {"startedAt": {"gte": "2026-05-01T00:00:00Z", "lt": "2026-05-01T01:00:00Z"}},
        {"createdAt": {"lt": "2026-01-01T01:00:00Z"}},
        {"parent": {"isNull": True}},
        {"userId": {"eq": "user 7"}, "status": {"eq": "ACTIVE"}},
        {"purpose": {"contains": "refund"}, "userId": {"eq": "user 7"}},
    ],
    "toolCalls": [
        {"toolName": {"eq": "tool 7"}},
        {"status": {"eq": "FAILED"}},
        {"session": {"eq": "session 7"}},
        {"toolName": {"eq": "tool 7"}, "status": {"eq": "FAILED"}},
    ],
    "confirmations": [{"status": {"eq": "PENDING"}}, {"session": {"eq": "session 7"}}],
    "moduleStates": [{"moduleId": {"eq": "module 7"}}, {"session": {"eq": "session 7"}}],
    "memories": [
        {"type": {"eq": "type 7"}},
        {"userId": {"eq": "user 7"}},
        {"agent": {"eq": "agent 7"}},
        {"content": {"contains": {"fact": 7}}},
        {"metadata": {"contains": {"number": 7}}},
    ],
    "agents": [{"agentId": {"eq": "agent 7"}}, {"id": {"eq": "agent 7"}}],
}


async def plan(engine: AsyncEngine, graphql: GraphQLClient, document: str, **values: Any) -> str:
    """The plan of the one statement that a document runs."""
    async with recorded_statements(engine) as statements:
        await graphql.execute(document, **values)
    (statement,) = statements
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        lines = await driver.fetch(f"EXPLAIN {statement.query}", *statement.args)
        return "\n".join(line for (line,) in lines)


def _roots() -> Iterator[tuple[str, str, str, list[str]]]:
    """The connections of the root, their filter and order types, and what they are ordered by."""
    query = schema._schema.query_type
    assert query is not None
    for name, field in query.fields.items():
        if "orderBy" in field.args:
            order = get_named_type(field.args["orderBy"].type)
            assert isinstance(order, GraphQLInputObjectType)
            values = get_named_type(order.fields["field"].type)
            assert isinstance(values, GraphQLEnumType)
            filter_name = get_named_type(field.args["filter"].type).name
            yield name, filter_name, order.name, sorted(values.values)


@pytest.fixture
async def large(engine: AsyncEngine, graphql: GraphQLClient) -> GraphQLClient:
    """A store of 200,000 sessions, tool calls, confirmations, states and memories."""
    async with engine.begin() as connection:
        for statement in _FILL:
            values = {"rows": ROWS} if ":rows" in statement else {}
            await connection.execute(text(statement), values)
    return graphql


async def test_orders_and_common_filters_use_an_index(
    large: GraphQLClient, engine: AsyncEngine
) -> None:
    roots = list(_roots())
    assert {name for name, *_ in roots} == set(COMMON)
    for name, filter_type, order_type, orders in roots:
        page = "{ pageInfo { endCursor } nodes { id } }"
        document = (
            f"query ($filter: {filter_type}, $orderBy: {order_type}, $first: Int, $last: Int, "
            f"$after: String) {{ {name}(filter: $filter, orderBy: $orderBy, first: $first, "
            f"last: $last, after: $after) {page} }}"
        )
        for field in orders:
            for direction in ("ASC", "DESC"):
                order = {"field": field, "direction": direction}
                data = await large.execute(document, orderBy=order, first=200)
                cursor = data[name]["pageInfo"]["endCursor"]
                for arguments in ({"first": 50}, {"last": 50}, {"first": 50, "after": cursor}):
                    explained = await plan(engine, large, document, orderBy=order, **arguments)
                    assert "Sort" not in explained, (name, order, explained)
                    assert "Index" in explained, (name, order, explained)
                    # a page begins at its cursor, however many rows lie before it
                    assert "after" not in arguments or "AND (ROW(" in explained, explained
        for wanted in COMMON[name]:
            explained = await plan(engine, large, document, filter=wanted, first=50)
            assert "Seq Scan" not in explained, (name, wanted, explained)
            assert "Index" in explained, (name, wanted, explained)


_FILL_ITEMS = (
    "SET LOCAL session_replication_role = replica",
    """INSERT INTO sessions (project_id, id, root_id, session_id, input_hash)
    SELECT 1, id, id, 'session ' || n, ''
    FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, 100) n) n""",
    # the last of the sessions has half of the items
    """INSERT INTO session_items (project_id, id, session_id, collection, key, sequence, value,
        metadata, created_at)
    SELECT 1, gen_random_uuid(), s.id, 'collection ' || n % 5, lpad(n::text, 6, '0'), n, '1',
        jsonb_build_object('number', n % 5000), timestamptz '2026-01-01' + n * interval '1 minute'
    FROM generate_series(1, 40000) n
    JOIN sessions s ON s.session_id = 'session ' || CASE WHEN n % 2 = 0 THEN 100 ELSE n % 99 END""",
    "ANALYZE",
)

_OF = {"collection": {"eq": "collection 4"}}


async def test_items_are_found_by_an_index_however_they_are_asked_for(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        for statement in _FILL_ITEMS:
            await connection.execute(text(statement))
    document = """query ($session: ID!, $filter: SessionItemFilter, $orderBy: SessionItemOrder,
        $first: Int, $after: String) { session(id: $session) { items(filter: $filter,
        orderBy: $orderBy, first: $first, after: $after) { pageInfo { endCursor } nodes { key } }
    } }"""
    latest = {"field": "KEY", "direction": "DESC"}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("session_id_sequence", {}),
        ("session_id_collection_sequence", {"filter": _OF}),
        ("session_id_collection_key", {"filter": _OF, "orderBy": latest, "first": 1}),
        ("session_id_collection_key", {"filter": _OF, "orderBy": {"field": "KEY"}}),
        ("", {"filter": {**_OF, "key": {"eq": "000004"}}}),  # by whichever finds fewer
    ]
    for index, arguments in asked:
        given = {"session": "session 100", "first": 50, **arguments}
        found = await graphql.execute(document, **given)
        pages = [given]
        if len(found["session"]["items"]["nodes"]) == given["first"]:
            pages.append({**given, "after": found["session"]["items"]["pageInfo"]["endCursor"]})
        for page in pages:
            explained = await plan(engine, graphql, document, **page)
            assert f"session_items__project_id_{index}" in explained, (page, explained)
            # what is sorted besides are ids of the same place
            in_order = explained.count("Sort") == 2 * explained.count("Presorted Key")
            assert in_order or not index, explained
    root = "query ($filter: SessionItemFilter) { sessionItems(filter: $filter) { nodes { id } } }"
    for index, wanted in (
        ("project_id_collection_key_id", {**_OF, "key": {"eq": "000004"}}),
        ("metadata", {"metadata": {"contains": {"number": 7}}}),
        ("project_id_created_at_id", {}),
    ):
        explained = await plan(engine, graphql, root, filter=wanted)
        assert f"ix_session_items__{index}" in explained, (wanted, explained)
