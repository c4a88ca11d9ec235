"""Where introspection is off, no answer to a misspelt name tells the right one."""

import re
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from schema import schema
from tests.server.test_metrics import client_of

CREATE = "mutation ($input: CreateSessionInput!) { createSession(input: $input) { created } }"
MISSPELT: list[tuple[str, dict[str, object]]] = [
    ("{ sesions { nodes { id } } }", {}),
    ("{ sessions { node { id } } }", {}),
    ("{ sessions { nodes { titel agent { nam } messages { nodes { rol } } } } }", {}),
    ("{ sessions { nodes { ... on Sesion { id } } } }", {}),
    ("{ node(id: 1) { ... on Agnt { id } ... on Sessio { id } } }", {}),
    ("{ sessions { nodes { agent } } }", {}),
    ("{ sessions(frist: 1) { totalCount } }", {}),
    ('{ sessions(filters: {status: {eq: "x"}}) { totalCount } }', {}),
    ("{ session(i: 1) { id } }", {}),
    ("{ sessions(filter: {statu: {eq: FAILED}}) { totalCount } }", {}),
    ("{ sessions(filter: {status: {equ: FAILED}}) { totalCount } }", {}),
    ("{ sessions(filter: {status: {eq: FAILD}}) { totalCount } }", {}),
    ('{ sessions(filter: {status: {eq: "FAILED"}}) { totalCount } }', {}),
    ("{ sessions(orderBy: {field: STARTED, direction: UP}) { totalCount } }", {}),
    ("{ sessions(orderBy: {feld: STARTED_AT}) { totalCount } }", {}),
    ("query ($filter: SessionFiltr) { sessions(filter: $filter) { totalCount } }", {}),
    (
        "query ($f: SessionFilter) { sessions(filter: $f) { totalCount } }",
        {"f": {"statu": {"eq": "FAILED"}}},
    ),
    (
        "query ($f: SessionFilter) { sessions(filter: $f) { totalCount } }",
        {"f": {"status": {"eq": "FAILD"}}},
    ),
    ("query ($first: Int) { sessions(first: $fist) { totalCount } }", {}),
    ("query { ...Sesion } fragment Sessin on Query { sessions { totalCount } }", {}),
    ("query { sessions @inclde(if: true) { totalCount } }", {}),
    ("query { sessions @include(iff: true) { totalCount } }", {}),
    ("mutation { createSesion(input: {}) { created } }", {}),
    ('mutation { createSession(input: {sesionId: "a"}) { created } }', {}),
    ('mutation { createSession(inptu: {sessionId: "a"}) { created } }', {}),
    (CREATE, {"input": {"sesionId": "a", "titel": "b"}}),
    (CREATE, {"input": {"sessionId": "a", "kind": "SUBAGNT"}}),
    (CREATE, {"input": {"tag": ["a"], "metadatas": {}}}),
    (
        (
            'mutation { recordMessage(input: {session: "a", role: USR, content: "b"}) '
            "{ message { id } } }"
        ),
        {},
    ),
    (
        "mutation { recordBatch(input: {records: [{recordMesage: {}}]}) { recordedCount } }",
        {},
    ),
    ("subscription { sesionEvents { id } }", {}),
    ("{ __shema { types { name } } }", {}),
    ('{ __type(name: "Session") { field { name } } }', {}),
]


def _names() -> Iterator[str]:
    """Give the names of all fields, arguments and values of enums."""
    for kind in schema._schema.type_map.values():
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in kind.fields.items():
                    yield name
                    yield from field.args
            case GraphQLInputObjectType():
                yield from kind.fields
            case GraphQLEnumType():
                yield from kind.values


@pytest.mark.parametrize("plans_queries", [True, False])
async def test_a_misspelt_name_is_not_put_right(
    engine: AsyncEngine, *, plans_queries: bool
) -> None:
    names = set(_names())
    assert len(names) > 300
    async with client_of(engine, introspection=False, plans_queries=plans_queries) as client:
        for document, variables in MISSPELT:
            response = await client.post(
                "/graphql", json={"query": document, "variables": variables}
            )
            errors = response.json()["errors"]
            sent = set(re.findall(r"\w+", f"{document} {variables}"))
            for error in errors:
                assert error["extensions"]["code"] == "BAD_USER_INPUT"
                assert "Did you mean" not in error["message"]
                if "required" in error["message"]:
                    continue  # what has to be given is named: without it nobody could mend it
                quoted = re.findall(r"['`\"]\$?([\w.]+)", error["message"])
                told = {part for each in quoted for part in each.split(".")} - sent
                assert not told & names, error["message"]
