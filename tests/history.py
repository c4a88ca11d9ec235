"""A store full of history, made fast: everything that can be recorded, linked every way."""

from collections.abc import Iterator
from typing import Any

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
from resolvers.recording import Recording
from resolvers.session import create_session
from resolvers.session_event import create_session_event
from resolvers.session_item import put_session_item
from resolvers.session_metric import record_session_metric
from resolvers.transaction import record
from schema import schema
from schema.declarations import LoadedField, OneField, PageField, SubjectField
from schema.fields import NODE_TYPES


async def fill(engine: AsyncEngine, trees: int) -> None:
    """Record trees of sessions in one transaction, each three deep and with its own agent."""

    async def history(recording: Recording, trees: int) -> dict[str, Any]:
        for number in range(trees):
            await _record_tree(recording, f"s{number}")
        return {}

    await record(Context(engine, 1), "fill", history, {"trees": trees})


async def _record_tree(recording: Recording, name: str) -> None:
    await create_agent(recording, agent_id=name, name=name)
    await create_agent_version(recording, agent=name, version_number="1")
    await record_agent_metric(recording, agent=name, metric_type="m", metric_value=1)
    await create_agent_version(recording, agent=name, version_number="2")
    version = await create_agent_version(recording, agent=name, version_number="3")
    await record_agent_metric(
        recording,
        agent=name,
        agent_version=encode("agent_version", version["agent_version"]),
        metric_type="m",
        metric_value=2,
    )
    await create_session(recording, session_id=name, agent=name)
    call = await _record_session(recording, name, name)
    await create_session(
        recording, session_id=f"{name}.1", parent=name, agent=name, spawned_by_tool_call=call
    )
    await create_session(recording, session_id=f"{name}.2", parent=name)
    await create_session(recording, session_id=f"{name}.1.1", parent=f"{name}.1", agent=name)


async def _record_session(recording: Recording, name: str, agent: str) -> str:
    calls = [
        {"tool_name": "a", "tool_call_id": "call", "arguments": 1},
        {"tool_name": "b", "arguments": 2},
    ]
    said = await record_message(
        recording, session=name, role=MessageRole.ASSISTANT, tool_calls=calls
    )
    first, second = [encode("tool_call", call) for call in said["tool_calls"]]
    await record_message(
        recording, session=name, role=MessageRole.TOOL, tool_call_id="call", content="done"
    )
    await request_confirmation(recording, session=name, tool_call=second)
    await request_confirmation(recording, session=name, tool_name="c")
    for module in ("m", "n"):
        for step in (1, 2):
            await upsert_module_state(
                recording, session=name, module_id=module, state=step, snapshot_reason="kept"
            )
    for figure in (1, 2):
        await record_session_metric(recording, session=name, metric_type="m", metric_value=figure)
        await create_session_event(recording, session=name, event_type="own")
    for collection in ("c", "d"):
        for key in ("k", "l"):
            await put_session_item(
                recording,
                session=name,
                collection=collection,
                key=key,
                value={"z": 1, "a": [key]},
                metadata={"for": collection},
            )
    await _record_memories(recording, name, agent, encode("message", said["message"]))
    return first


async def _record_memories(recording: Recording, name: str, agent: str, message: str) -> None:
    related: list[dict[str, Any]] = []
    for number in range(3):
        made = await create_memory(
            recording,
            type="t",
            content=number,
            agent=agent,
            session=name,
            source_message=message,
            relations=related,
        )
        memory = encode("memory", made["memory"])
        related.append({"memory": memory, "relation_type": "RELATED"})
        for importance in (0.5, 1.0):
            await update_memory(recording, memory=memory, importance=importance)
            await record_memory_access(
                recording, memory=memory, session=name, message=message, access_type="READ"
            )
            await create_memory_annotation(
                recording, memory=memory, annotation_type="a", content=1, annotator_kind="CODE"
            )


ROADS = {
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
    "SessionItem": "items(first: 3) {{ nodes {{ {} }} }}",
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
"""How to get from a session to each type of the graph."""


def links(
    *kinds: type[OneField | PageField | SubjectField | LoadedField],
) -> Iterator[tuple[str, str]]:
    """Give the type and the name of every field that leads from a node to others."""
    for node_type in NODE_TYPES.values():
        definition = node_type.__strawberry_definition__
        for field in definition.fields:
            if isinstance(field.metadata["declaration"], kinds):
                yield definition.name, schema.config.name_converter.from_field(field)
