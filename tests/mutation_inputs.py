"""A valid input for each mutation, and the fields that the inputs have by the schema."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    build_schema,
    get_named_type,
    get_nullable_type,
)

from schema import schema
from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    record_message,
    record_tool_call,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient

Path = tuple[str | int, ...]
"""The way to a field inside an input: `("toolCalls", 0, "toolName")`."""


@dataclass(frozen=True)
class MutationInput:
    """An input that is taken, and what to select of the answer."""

    selection: str
    values: dict[str, Any]


async def mutation_inputs(graphql: GraphQLClient) -> dict[str, MutationInput]:
    """Make what the inputs name, and give an input for each mutation.

    They can be sent one after the other: deletions and the end of the session come last.
    """
    await create_agent(graphql)
    version = await create_agent_version(graphql)
    await create_session(graphql)
    memory = {"memory": (await create_memory(graphql))["id"]}
    remark = {"annotationType": "note", "content": 1, "annotatorKind": "CODE"}
    made = await graphql.record(
        "createMemoryAnnotation", "memoryAnnotation { id }", **memory, **remark
    )
    said = await record_message(graphql)
    call = await record_tool_call(graphql)
    first = await request_confirmation(graphql, toolName="first")
    second = await request_confirmation(graphql, toolName="second")
    await upsert_state(graphql, {"a": 1})
    session = {"session": "session"}
    figure = {"metricType": "m", "metricValue": 1}
    calls = [{"toolName": "a"}, {"toolName": "b"}]
    inputs: dict[str, tuple[str, dict[str, Any]]] = {
        "createSession": ("session { id }", {"title": "Title"}),
        "updateSession": ("session { id }", {**session, "title": "Changed"}),
        "recordMessage": (
            "message { id } toolCalls { id }",
            {**session, "role": "ASSISTANT", "toolCalls": calls},
        ),
        "recordToolCallResult": ("toolCall { id }", {"toolCall": call["id"], "result": 1}),
        "upsertModuleState": (
            "stateTransition { id }",
            {**session, "moduleId": "other", "state": 1},
        ),
        "recordStateTransition": (
            "stateTransition { id }",
            {**session, "moduleId": "module", "newValues": {"a": 2}},
        ),
        "createAgent": ("agent { id }", {"agentId": "other", "name": "Other"}),
        "createAgentVersion": ("agentVersion { id }", {"agent": "agent", "versionNumber": "2"}),
        "activateAgentVersion": ("agentVersion { id }", {"agentVersion": version["id"]}),
        "createMemory": ("memory { id }", {"memoryId": "m", "type": "fact", "content": 1}),
        "updateMemory": ("memory { id }", {**memory, "importance": 1}),
        "recordMemoryAccess": ("memoryAccess { id }", {**memory, "accessType": "READ"}),
        "createMemoryAnnotation": ("memoryAnnotation { id }", {**memory, **remark}),
        "applyMemoryAnnotation": (
            "memoryAnnotation { id }",
            {"memoryAnnotation": made["memoryAnnotation"]["id"]},
        ),
        "createSessionEvent": ("sessionEvent { id }", {**session, "eventType": "own"}),
        "recordSessionMetric": ("sessionMetric { id }", {**session, **figure}),
        "putSessionItem": (
            "sessionItem { id }",
            {**session, "collection": "c", "key": "k", "value": {"a": 1}},
        ),
        "deleteSessionItems": ("deletedCount session { id }", {**session, "collection": "c"}),
        "recordAgentMetric": ("agentMetric { id }", {"agent": "agent", **figure}),
        "requestConfirmation": ("confirmation { id }", {**session, "toolName": "third"}),
        "decideConfirmation": (
            "confirmation { id }",
            {"confirmation": first["id"], "decision": "DENIED"},
        ),
        "clearConfirmation": ("confirmation { id }", {"confirmation": second["id"]}),
        "updateAgent": ("agent { id revision }", {"agent": "agent", "name": "Changed"}),
        "deleteMessage": ("deletedMessageId session { id }", {"message": said["id"]}),
        "recordTurn": (
            "messages { id } toolCalls { id } memoryAccesses { id }",
            {
                **session,
                "messages": [{"role": "ASSISTANT", "toolCalls": calls}, {"role": "USER"}],
                "moduleStates": [{"moduleId": "third", "state": 1}],
                "sessionMetrics": [figure],
                "stateTransitions": [{"moduleId": "module", "newValues": {"a": 3}}],
                "memoryAccesses": [{**memory, "accessType": "READ"}],
            },
        ),
        "recordBatch": (
            "results { id }",
            {"records": [{"recordMessage": {**session, "role": "USER"}}, {"createSession": {}}]},
        ),
        "deleteMemory": ("deletedMemoryId", memory),
        "endSession": ("session { id }", session),
        "deleteSessionMessages": ("deletedMessageCount session { id }", session),
        "deleteSession": ("deletedSessionId deletedSessionCount", session),
    }
    return {name: MutationInput(*made) for name, made in inputs.items()}


def _input_types() -> dict[str, GraphQLInputObjectType]:
    mutations = build_schema(schema.as_str()).mutation_type
    assert mutations is not None
    return {
        name: get_named_type(field.args["input"].type) for name, field in mutations.fields.items()
    }


INPUT_TYPES = _input_types()
"""The type of each mutation's input."""
ALONE = {name: kind for name, kind in INPUT_TYPES.items() if name != "recordBatch"}
"""The same without that of batches, whose records are the others."""


def input_fields(kind: GraphQLInputObjectType) -> Iterator[tuple[Path, GraphQLInputType]]:
    """Walk the fields of an input, with those of the inputs inside it."""
    for name, field in kind.fields.items():
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        here: Path = (name, 0) if is_list else (name,)
        within = get_named_type(field.type)
        if isinstance(within, GraphQLInputObjectType):
            yield from ((here + path, inner) for path, inner in input_fields(within))
        else:
            yield here, field.type


def with_value(values: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Copy an input and put a value in it; the way there is made where it is not."""
    changed = deepcopy(values)
    place: Any = changed
    for step, following in pairwise(path):
        if isinstance(step, str):
            place = place.setdefault(step, [] if following == 0 else {})
        else:
            if len(place) <= step:
                place.append({})
            place = place[step]
    if isinstance(place, list):
        place[:] = [value]
    else:
        place[path[-1]] = value
    return changed
