"""A planned mutation answers as graphql-core does, of rows that it wrote and did not read."""

from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    parse,
)

from execution.collect import Unplannable
from execution.mutation import MutationPlan
from execution.planned import compile_operation
from schema import schema
from tests.graphql_client import GraphQLClient
from tests.mutation_inputs import INPUT_TYPES, mutation_inputs

SCHEMA = schema._schema
SESSION = {"session": "nobody"}
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("recordMessage", {**SESSION, "role": "USER"}),
    ("recordMessage", {**SESSION, "role": "NOBODY"}),
    ("recordMessage", {**SESSION, "role": "USER", "tokenCount": -1}),
    ("recordMemoryAccess", {"memory": "no id", "accessType": "READ"}),
    ("createSession", {"sessionId": ""}),
    ("createSession", {"agent": "nobody"}),
    ("endSession", {}),
]


def leaves(kind: GraphQLObjectType) -> str:
    """Select all fields that are plain values without arguments."""
    names = [
        name
        for name, field in kind.fields.items()
        if is_leaf_type(get_named_type(field.type)) and not field.args
    ]
    return " ".join(["__typename", *names])


def document(mutation: str) -> str:
    """A document that selects all plain values of a payload and of its objects."""
    root = SCHEMA.mutation_type
    assert root is not None
    payload = get_named_type(root.fields[mutation].type)
    assert isinstance(payload, GraphQLObjectType)
    selected = ["__typename", "again: replayed @include(if: $again)"]
    for name, field in payload.fields.items():
        kind = get_named_type(field.type)
        inner = f"{{ {leaves(kind)} }}" if isinstance(kind, GraphQLObjectType) else ""
        selected.append(f"{name} {inner}")
    return f"""mutation M($input: {INPUT_TYPES[mutation].name}!, $again: Boolean!) {{
      {mutation}(input: $input) {{ {" ".join(selected)} }} }}"""


def plan(text: str) -> Any:
    """The plan of a document's one operation."""
    parsed = parse(text)
    (node,) = parsed.definitions
    assert isinstance(node, OperationDefinitionNode)
    return compile_operation(SCHEMA, parsed, node)


@pytest.mark.parametrize("again", [True, False])
async def test_a_planned_answer_is_that_of_its_replay(
    graphql: GraphQLClient, resolved: GraphQLClient, *, again: bool
) -> None:
    for name, given in (await mutation_inputs(graphql)).items():
        text = document(name)
        if name != "recordBatch":
            assert isinstance(plan(text), MutationPlan)
        variables = {"input": {**given.values, "idempotencyKey": name}, "again": again}
        planned = (await graphql.execute(text, **variables))[name]
        replayed = (await resolved.execute(text, **variables))[name]
        assert (planned.pop("replayed"), replayed.pop("replayed")) == (False, True)
        assert (planned.pop("again", None), replayed.pop("again", None)) == (
            (False, True) if again else (None, None)
        )
        assert planned == replayed, name


@pytest.mark.parametrize(("mutation", "values"), REFUSED)
async def test_a_planned_mutation_is_refused_as_any_other(
    graphql: GraphQLClient, resolved: GraphQLClient, mutation: str, values: dict[str, Any]
) -> None:
    replies = [
        await client.send(document(mutation), input=values, again=True)
        for client in (graphql, resolved)
    ]
    for reply in replies:
        assert reply.errors
        for error in reply.errors:
            error["extensions"].pop("requestId", None)
    assert replies[0] == replies[1]


@pytest.mark.parametrize(
    "text",
    [
        'mutation { a: endSession(input: {session: "s"}) { replayed } __typename }',
        'mutation { endSession(input: {session: "s"}) { session { messages { nodes { id } } } } }',
        'mutation { endSession(input: {session: "s"}) { session { treeUsage { costUsd } } } }',
        "mutation { recordBatch(input: {records: []}) { results { id } } }",
    ],
)
def test_other_mutations_are_left_to_graphql_core(text: str) -> None:
    with pytest.raises(Unplannable):
        plan(text)
