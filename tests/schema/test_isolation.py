"""Another project's rows are as if they were not there."""

from typing import Any
from uuid import UUID

import pytest
from graphql import get_named_type
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.batch import BATCHED
from resolvers.identifiers import decode, encode
from resolvers.validation import camel_case
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
from tests.invariants import digest_rows
from tests.mutation_inputs import ALONE, Path, input_fields, with_value

UNKNOWN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


async def _everything(graphql: GraphQLClient) -> dict[str, str]:
    """An object of each noun in a project; its id by the noun."""
    agent = await create_agent(graphql)
    version = await create_agent_version(graphql)
    session = await create_session(graphql, agent="agent")
    message = await record_message(graphql)
    call = await record_tool_call(graphql)
    confirmation = await request_confirmation(graphql, toolCall=call["id"])
    state = await upsert_state(graphql, {"a": 1}, snapshotReason="kept")
    old = await create_memory(graphql)
    memory = await create_memory(
        graphql, agent="agent", relations=[{"memory": old["id"], "relationType": "RELATED"}]
    )
    await graphql.record("updateMemory", "replayed", memory=memory["id"], importance=1)
    access = await graphql.record(
        "recordMemoryAccess", "memoryAccess { id }", memory=memory["id"], accessType="READ"
    )
    remark = await graphql.record(
        "createMemoryAnnotation",
        "memoryAnnotation { id }",
        memory=memory["id"],
        annotationType="note",
        content=1,
        annotatorKind="CODE",
    )
    figure = {"metricType": "m", "metricValue": 1}
    metric = await graphql.record(
        "recordSessionMetric", "sessionMetric { id }", session="session", **figure
    )
    agent_metric = await graphql.record(
        "recordAgentMetric", "agentMetric { id }", agent="agent", **figure
    )
    data = await graphql.execute(
        """query ($memory: ID!) {
          session(id: "session") { events { nodes { id } }
            moduleStates { nodes { snapshots { nodes { id } } } } }
          memory(id: $memory) { relations { nodes { id } } revisions { nodes { id } } } }""",
        memory=memory["id"],
    )
    snapshots = data["session"]["moduleStates"]["nodes"][0]["snapshots"]
    return {
        "agent": agent["id"],
        "agentVersion": version["id"],
        "session": session["id"],
        "message": message["id"],
        "toolCall": call["id"],
        "confirmation": confirmation["id"],
        "moduleState": state["moduleState"]["id"],
        "stateTransition": state["stateTransition"]["id"],
        "stateSnapshot": snapshots["nodes"][0]["id"],
        "memory": memory["id"],
        "memoryAccess": access["memoryAccess"]["id"],
        "memoryAnnotation": remark["memoryAnnotation"]["id"],
        "memoryRelation": data["memory"]["relations"]["nodes"][0]["id"],
        "memoryRevision": data["memory"]["revisions"]["nodes"][0]["id"],
        "sessionEvent": data["session"]["events"]["nodes"][0]["id"],
        "sessionMetric": metric["sessionMetric"]["id"],
        "agentMetric": agent_metric["agentMetric"]["id"],
    }


def _unknown(known: str) -> str:
    """An id of the same noun that no project has."""
    decoded = decode(known)
    assert decoded is not None
    return encode(decoded[0], UNKNOWN)


ROOT_NAMES = {"session": "session", "agent": "agent"}
NOUN_OF_INPUT = {"parent": "session", "spawnedByToolCall": "toolCall", "sourceMessage": "message"}
REQUIRED: dict[str, dict[str, Any]] = {
    "recordMessage": {"role": "USER"},
    "recordToolCallResult": {"result": 1, "toolCall": "call"},
    "upsertModuleState": {"moduleId": "module", "state": {"b": 1}},
    "recordStateTransition": {"newValues": {"b": 1}, "moduleId": "module"},
    "createAgentVersion": {"versionNumber": "2"},
    "createMemory": {"type": "fact", "content": 1},
    "updateMemory": {"importance": 0.5},
    "recordMemoryAccess": {"accessType": "READ", "memory": encode("memory", UNKNOWN)},
    "createMemoryAnnotation": {"annotationType": "a", "content": 1, "annotatorKind": "CODE"},
    "createSessionEvent": {"eventType": "own"},
    "recordSessionMetric": {"metricType": "m", "metricValue": 1},
    "recordAgentMetric": {"metricType": "m", "metricValue": 1},
    "requestConfirmation": {"toolName": "t"},
    "decideConfirmation": {"decision": "DENIED"},
    "recordTurn": {"session": "mine", "messages": [{"role": "USER"}]},
}


# what a runtime may call by a name of its own, and the name that `_everything` gives it
OWN_NAMES = {"session": "session", "agent": "agent", "toolCall": "call"}


def _id_arguments() -> list[tuple[str, Path]]:
    """Every field of a mutation's input that takes an id, those inside lists included."""
    return [
        (mutation, path)
        for mutation, kind in ALONE.items()
        for path, field_type in input_fields(kind)
        if get_named_type(field_type).name == "ID"
    ]


def _inputs(mutation: str, path: Path, theirs: dict[str, str]) -> list[dict[str, Any]]:
    """Inputs that name something of another project or something that nobody has, both ways."""
    noun = NOUN_OF_INPUT.get(str(path[-1]), str(path[-1]))
    given = [theirs[noun], _unknown(theirs[noun])]
    required = REQUIRED.get(mutation, {})
    if path == ("toolCall",):
        required = {**required, "session": "mine"}
    if path[0] == "relations":
        required = {**required, "relations": [{"relationType": "RELATED"}]}
    if path[0] == "memoryAccesses":
        required = {**required, "memoryAccesses": [{"accessType": "READ"}]}
    if noun in OWN_NAMES and path != ("spawnedByToolCall",):
        given += [OWN_NAMES[noun], "nobody"]
    return [with_value(required, path, reference) for reference in given]


@pytest.mark.parametrize("in_batch", [False, True])
async def test_inputs_that_take_an_id(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine, in_batch: bool
) -> None:
    theirs = await _everything(graphql)
    await create_session(other_project, "mine")
    before = await digest_rows(engine)
    batched = {camel_case(name) for name in BATCHED}
    tried = [each for each in _id_arguments() if not in_batch or each[0] in batched]
    assert len(tried) > 25
    for mutation, path in tried:
        field = ".".join(map(str, path))
        errors = []
        for values in _inputs(mutation, path, theirs):
            if in_batch:
                records = [{mutation: values}]
                reply = await other_project.mutate("recordBatch", "replayed", records=records)
            else:
                reply = await other_project.mutate(mutation, "replayed", **values)
            errors.append(reply.error)
            errors[-1].pop("requestId")
        assert all(error == errors[0] for error in errors), (mutation, path)
        place = f"records.0.{mutation}.{field}" if in_batch else field
        assert (errors[0]["code"], errors[0]["field"]) == ("NOT_FOUND", place)
        assert await digest_rows(engine) == before, (mutation, path)


async def test_every_way_to_read(graphql: GraphQLClient, other_project: GraphQLClient) -> None:
    theirs = await _everything(graphql)
    for noun, known in theirs.items():
        data = await other_project.execute("query ($id: ID!) { node(id: $id) { id } }", id=known)
        assert data == {"node": None}, noun
        seen = await graphql.execute("query ($id: ID!) { node(id: $id) { id } }", id=known)
        assert seen == {"node": {"id": known}}, noun
    ids = list(theirs.values())
    data = await other_project.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert data == {"nodes": [None] * len(ids)}
    fields = await other_project.execute(
        "{ __schema { queryType { fields { name args { name } } } } }"
    )
    for field in fields["__schema"]["queryType"]["fields"]:
        name = field["name"]
        if name in {"node", "nodes"}:
            continue
        if [argument["name"] for argument in field["args"]] == ["id"]:
            for given in (theirs[name], ROOT_NAMES.get(name, theirs[name])):
                data = await other_project.execute(
                    f"query ($id: ID!) {{ {name}(id: $id) {{ id }} }}", id=given
                )
                assert data == {name: None}
        else:
            data = await other_project.execute(f"{{ {name} {{ totalCount nodes {{ id }} }} }}")
            assert data == {name: {"totalCount": 0, "nodes": []}}


async def test_names_are_a_projects_own(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    mine = await _everything(graphql)
    theirs = await _everything(other_project)
    assert set(mine.values()).isdisjoint(theirs.values())
    for client, everything in ((graphql, mine), (other_project, theirs)):
        data = await client.execute('{ session(id: "session") { id agent { id } } }')
        assert data["session"] == {
            "id": everything["session"],
            "agent": {"id": everything["agent"]},
        }


async def test_a_cursor_of_another_project_opens_nothing(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    await create_session(graphql, "a")
    await create_session(graphql, "b")
    data = await graphql.execute("{ sessions(first: 1) { pageInfo { endCursor } } }")
    page = await other_project.execute(
        "query ($after: String) { sessions(after: $after) { nodes { id } } }",
        after=data["sessions"]["pageInfo"]["endCursor"],
    )
    assert page == {"sessions": {"nodes": []}}
