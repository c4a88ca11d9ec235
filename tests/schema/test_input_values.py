"""Every field of every input refuses what its type cannot hold; the fields come from the schema."""

from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputType, get_named_type, is_required_input_field
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.validation import LONG_TEXTS, camel_case
from tests.factories import create_memory, nested, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import digest_rows
from tests.mutation_inputs import ALONE, input_fields, mutation_inputs, with_value

BAD_VALUES: dict[str, list[Any]] = {
    "ID": [
        "",
        " ",
        "a\x00",
        "a" * 513,
        "memory_revision_01h455vb4pex5vsknk084sn02q",  # a noun that no input takes
        ["a", "b"],
        True,
    ],
    "String": ["a\x00", 1, True, {}],
    "JSON": ["a\x00", {"a\x00": 1}, [{"a": "\x00"}], nested(65), 2**64, [-(2**64)], 1e300],
    "DateTime": [
        "0001-01-01T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "2026-01-01T00:00:00",
        "2026-01-01",
        "2026-02-30T00:00:00Z",
        "2026-01-01T00:00:00Z\x00",
        "2026-01-01\x0000:00:00Z",
        "2026-W01-1T00:00:00Z",
        "\x00",
        1,
    ],
    "Int": [2**31, -(2**31) - 1, 1.5, "1", True],
    "Float": ["1", True],
    "Decimal": [
        "NaN",
        "Infinity",
        "1e400",
        "1e999999999",
        "1_0",
        "\u0661",
        "-0.01",
        "ten",
        "\x00",
        True,
    ],
    "Boolean": ["true", 1],
}
NOT_NEGATIVE = {"rank", "durationMs", "timeToFirstChunkMs"}
FROM_0_TO_1 = {"qualityScore", "userSatisfaction", "importance", "confidence", "usefulness"}
FREE_TEXTS = {camel_case(name) for name in LONG_TEXTS} | {"snapshotReason"}


def _bad_values(name: str, field_type: GraphQLInputType) -> list[Any]:
    kind = get_named_type(field_type)
    values = list(BAD_VALUES.get(kind.name, ()))
    if isinstance(kind, GraphQLEnumType):
        values = ["PARROT", "", "\x00", 1]
    if kind.name == "String" and name not in FREE_TEXTS:
        values += ["", " \t", "a" * 513]
    if name in NOT_NEGATIVE or name.endswith("Tokens"):
        values.append(-1)
    if name in FROM_0_TO_1:
        values += [-0.1, 1.1]
    return values


@pytest.mark.parametrize("mutation", ALONE)
async def test_what_a_field_cannot_hold(
    graphql: GraphQLClient, engine: AsyncEngine, mutation: str
) -> None:
    values = (await mutation_inputs(graphql))[mutation].values
    if mutation == "createMemory":
        other = await create_memory(graphql)
        values["relations"] = [{"memory": other["id"], "relationType": "RELATED"}]
    before = await digest_rows(engine)
    wrong = []
    for path, field_type in input_fields(ALONE[mutation]):
        for bad in _bad_values(str(path[0] if path[-1] == 0 else path[-1]), field_type):
            reply = await graphql.mutate(mutation, "replayed", **with_value(values, path, bad))
            field = ".".join(map(str, path))
            got = [
                (error["extensions"]["code"], error["extensions"].get("field"))
                for error in reply.errors
            ]
            if got != [("BAD_USER_INPUT", field)]:
                wrong.append((field, str(bad)[:40], got))
    assert wrong == []
    assert await digest_rows(engine) == before
    assert (await record_message(graphql))["sequence"] == 3


@pytest.mark.parametrize("mutation", ALONE)
async def test_what_must_be_given(
    graphql: GraphQLClient, engine: AsyncEngine, mutation: str
) -> None:
    values = (await mutation_inputs(graphql))[mutation].values
    before = await digest_rows(engine)
    for name, field in ALONE[mutation].fields.items():
        if is_required_input_field(field):
            without = {key: value for key, value in values.items() if key != name}
            for given in (without, {**values, name: None}):
                reply = await graphql.mutate(mutation, "replayed", **given)
                assert reply.error["code"] == "BAD_USER_INPUT", name
                assert reply.error["field"] in {name, "input"}
    assert await digest_rows(engine) == before
