"""Variables that hold too much."""

import time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from schema import schema
from server.operations.errors import Limited
from server.operations.variable_limits import check_variables
from server.settings import Settings

_ALLOWED = 1_000


def _check(variables: dict[str, Any], declared: str) -> None:
    node = parse(f"query ({declared}) {{ __typename }}").definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    settings = Settings(max_input_values=_ALLOWED)
    check_variables(schema._schema, node, variables=variables, settings=settings)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("$v: [ID!]!", ["a"] * _ALLOWED),
        ("$v: SessionFilter", {"or": [{}] * 90}),
        ("$v: JSON", [{}] * 10 * _ALLOWED),
        ("$v: CreateSessionInput!", {"metadata": [{}] * 10 * _ALLOWED}),
        ("$v: Int", ["a"] * 10 * _ALLOWED),
        ("$v: Unknown", ["a"] * 10 * _ALLOWED),
        ("$other: [ID!]", ["a"] * 10 * _ALLOWED),
    ],
)
def test_what_is_let_through(declared: str, value: Any) -> None:
    _check({"v": value}, declared)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("$v: [ID!]!", ["a"] * (_ALLOWED + 1)),
        ("$v: [[ID]]", [["a"] * 600, ["b"] * 600]),
        ("$v: SessionFilter", {"or": [{}] * 100}),
        ("$v: SessionFilter", {"and": [{"not": {"id": {"in": ["a"] * 990}}}]}),
        ("$v: CreateMemoryInput", {"embedding": [0.5] * 1_000}),
        ("$v: [ID], $w: [ID]", ["a"] * 501),
    ],
)
def test_what_is_refused(declared: str, value: Any) -> None:
    with pytest.raises(Limited) as caught:
        _check({"v": value, "w": value}, declared)
    assert caught.value.extensions["allowed"] == _ALLOWED


def test_counting_ends_with_what_is_allowed() -> None:
    records: dict[str, Any] = {"records": [{"createSession": {}}] * 3_000_000}
    started = time.process_time()
    with pytest.raises(Limited):
        _check({"v": records}, "$v: RecordBatchInput!")
    assert time.process_time() - started < 1
