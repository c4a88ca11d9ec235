"""A level of a query is one statement, for any number of parents."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from models import MessageRole
from resolvers.agent import create_agent
from resolvers.agent_metric import record_agent_metric
from resolvers.agent_version import create_agent_version
from resolvers.confirmation import request_confirmation
from resolvers.context import Context
from resolvers.identifiers import encode
from resolvers.memory import create_memory, update_memory
from resolvers.memory_access import record_memory_access
from resolvers.memory_annotation import create_memory_annotation
from resolvers.message import record_message
from resolvers.module_state import upsert_module_state
from resolvers.recording import Recording, record
from resolvers.session import create_session
from resolvers.session_metric import record_session_metric
from schema import schema
from schema.declarations import OneField, PageField
from schema.fields import NODE_TYPES
from tests.graphql_client import GraphQLClient


@contextmanager
def count_statements(engine: AsyncEngine) -> Iterator[list[str]]:
    statements: list[str] = []

    def listen(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(engine.sync_engine, "before_cursor_execute", listen)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", listen)


async def fill(engine: AsyncEngine, sessions: int) -> None:
    """Record root sessions, each with something of everything under it."""

    async def history(recording: Recording, first: int) -> dict[str, Any]:
        for number in range(first, sessions):
            await _record_one(recording, f"s{number}")
        return {}

    await record(Context(engine, 1), "fill", history, {"first": 0})


async def _record_one(recording: Recording, name: str) -> None:
    await create_agent(recording, agent_id=name, name=name)
    await create_agent_version(recording, agent=name, version_number="1")
    await create_session(recording, session_id=name, agent=name)
    await create_session(recording, session_id=f"{name}.1", parent=name, agent=name)
    await create_session(recording, session_id=f"{name}.1.1", parent=f"{name}.1", agent=name)
    calls = [{"tool_name": "a", "arguments": 1}, {"tool_name": "b", "arguments": 2}]
    said = await record_message(
        recording, session=name, role=MessageRole.ASSISTANT, tool_calls=calls
    )
    message = encode("message", said["message"])
    call = encode("tool_call", said["tool_calls"][0])
    await request_confirmation(recording, session=name, tool_call=call)
    await upsert_module_state(
        recording, session=name, module_id="m", state=1, snapshot_reason="kept"
    )
    await record_session_metric(recording, session=name, metric_type="m", metric_value=1)
    await record_agent_metric(recording, agent=name, metric_type="m", metric_value=1)
    old = await create_memory(recording, type="t", content=0)
    made = await create_memory(
        recording,
        type="t",
        content=1,
        agent=name,
        session=name,
        source_message=message,
        relations=[{"memory": encode("memory", old["memory"]), "relation_type": "RELATED"}],
    )
    memory = encode("memory", made["memory"])
    await update_memory(recording, memory=memory, importance=0.5)
    await record_memory_access(
        recording, memory=memory, session=name, message=message, access_type="READ"
    )
    await create_memory_annotation(
        recording, memory=memory, annotation_type="a", content=1, annotator_kind="CODE"
    )


def _links() -> list[str]:
    """A document for each link that a node declares, from many sessions on."""
    roads = {
        "Session": "{}",
        "Message": "messages(first: 3) {{ nodes {{ {} }} }}",
        "ToolCall": "toolCalls(first: 3) {{ nodes {{ {} }} }}",
        "Confirmation": "confirmations(first: 3) {{ nodes {{ {} }} }}",
        "ModuleState": "moduleStates(first: 3) {{ nodes {{ {} }} }}",
        "StateTransition": (
            "moduleStates(first: 3) {{ nodes {{ transitions(first: 3) {{ nodes {{ {} }} }} }} }}"
        ),
        "StateSnapshot": (
            "moduleStates(first: 3) {{ nodes {{ snapshots(first: 3) {{ nodes {{ {} }} }} }} }}"
        ),
        "SessionEvent": "events(first: 3) {{ nodes {{ {} }} }}",
        "SessionMetric": "metrics(first: 3) {{ nodes {{ {} }} }}",
        "Agent": "agent {{ {} }}",
        "AgentVersion": "agentVersion {{ {} }}",
        "AgentMetric": "agent {{ metrics(first: 3) {{ nodes {{ {} }} }} }}",
        "Memory": "memories(first: 3) {{ nodes {{ {} }} }}",
        "MemoryAccess": "memoryAccesses(first: 3) {{ nodes {{ {} }} }}",
        "MemoryAnnotation": (
            "memories(first: 3) {{ nodes {{ annotations(first: 3) {{ nodes {{ {} }} }} }} }}"
        ),
        "MemoryRelation": (
            "memories(first: 3) {{ nodes {{ relations(first: 3) {{ nodes {{ {} }} }} }} }}"
        ),
        "MemoryRevision": (
            "memories(first: 3) {{ nodes {{ revisions(first: 3) {{ nodes {{ {} }} }} }} }}"
        ),
    }
    documents = []
    converter = schema.config.name_converter
    for node_type in NODE_TYPES.values():
        definition = node_type.__strawberry_definition__
        for field in definition.fields:
            declaration = field.metadata.get("declaration")
            name = converter.from_field(field)
            if isinstance(declaration, PageField):
                selection = f"{name}(first: 2) {{ totalCount nodes {{ id }} }}"
            elif isinstance(declaration, OneField):
                selection = f"{name} {{ id }}"
            else:
                continue
            documents.append(roads[definition.name].format(selection))
    return documents


@pytest.fixture
async def many(engine: AsyncEngine) -> None:
    await fill(engine, 70)


@pytest.mark.usefixtures("many")
async def test_every_link_costs_the_same_for_2_and_for_200_parents(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    assert len(_links()) > 50
    for link in _links():
        counts = []
        for size in (2, 200):
            query = f"{{ sessions(last: {size}) {{ nodes {{ {link} }} }} }}"
            with count_statements(engine) as statements:
                data = await graphql.execute(query)
            assert len(data["sessions"]["nodes"]) == size
            counts.append(len(statements))
        # from 2 parents a level may be empty, and costs nothing then
        assert 1 <= counts[1] <= 5, link
        assert counts[0] <= counts[1], link


@pytest.mark.usefixtures("many")
async def test_a_dashboards_page_costs_a_statement_a_level(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    query = """query ($n: Int!) { sessions(last: $n) { nodes {
      title agent { name activeVersion { versionNumber } }
      messages(last: 20) { nodes { content toolCalls { nodes { toolName confirmation { id } } } } }
      memories { nodes { content accesses { nodes { accessType } } } }
    } } }"""
    for size in (3, 200):
        with count_statements(engine) as statements:
            await graphql.execute(query, n=size)
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
        with count_statements(engine) as statements:
            data = await graphql.execute(
                """query ($id: ID!) { session(id: $id) {
                  descendants(first: 200) { nodes { sessionId depth } } } }""",
                id=start,
            )
        nodes = data["session"]["descendants"]["nodes"]
        assert [node["depth"] for node in nodes] == list(range(int(start) + 1, 60))
        assert len(nodes) == below
        assert len(statements) == 2


async def test_rows_are_counted_only_when_asked_for(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    with count_statements(engine) as statements:
        await graphql.execute("{ sessions { nodes { id } } }")
    assert len(statements) == 1
    with count_statements(engine) as statements:
        await graphql.execute("{ sessions { nodes { id } totalCount } }")
    assert len(statements) == 2


async def test_an_answer_reads_nothing_that_was_just_written(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await graphql.record("createSession", "created", sessionId="s")
    with count_statements(engine) as statements:
        await graphql.record(
            "recordMessage",
            "message { sequence } session { messageCount }",
            session="s",
            role="USER",
        )
    assert not [statement for statement in statements if statement.startswith("SELECT")]
