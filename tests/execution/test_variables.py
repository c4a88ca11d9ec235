"""Variables are read as graphql-core reads them."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, get_variable_values, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.collect import Unplannable
from execution.variables import compile_variables, read_variables

SCHEMA = build_schema(
    """
    type Query { field: Int }
    scalar Document
    enum Colour { RED GREEN }
    input Point { x: Int!, y: Float = 0.5, label: String }
    input Shape {
      id: ID!, points: [Point!]!, colour: Colour! = RED, grid: [[Int]], notes: Document
    }
    input Choice @oneOf { point: Point, shape: Shape }
    input Tree { name: String, below: [Tree!] }
    """
)
TYPES = ("Int!", "[Int!]", "Document!", "Colour", "Point", "Shape!", "[Choice!]!", "Tree", "[Tree]")


def strategy() -> st.SearchStrategy[Any]:
    """Values of the types above, right and wrong."""
    names = st.sampled_from(["x", "y", "label", "id", "points", "colour", "point", "name", "below"])
    leaves = st.sampled_from([None, 0, 1.5, 2**40, "RED", "a", True, {"x": 1}])
    point = st.fixed_dictionaries({"x": st.integers(0, 9)}, optional={"y": leaves, "label": leaves})
    shape = st.fixed_dictionaries(
        {"id": st.just("a"), "points": st.one_of(point, st.lists(point, max_size=2))},
        optional={"colour": leaves, "grid": st.lists(leaves, max_size=2), "notes": leaves},
    )
    choice = st.fixed_dictionaries({}, optional={"point": point, "shape": shape})
    tree = st.recursive(
        st.fixed_dictionaries({}, optional={"name": leaves}),
        lambda trees: st.fixed_dictionaries({}, optional={"below": st.lists(trees, max_size=2)}),
        max_leaves=3,
    )
    anything = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)
        ),
        max_leaves=5,
    )
    known = st.one_of(leaves, point, shape, choice, tree)
    return st.one_of(known, st.lists(known, max_size=2), anything)


def check(kind: str, default: str, variables: dict[str, Any]) -> bool:
    """Compare the two; tell whether the variables are right."""
    (node,) = parse(f"query ($given: {kind}{default}) {{ field }}").definitions
    assert isinstance(node, OperationDefinitionNode)
    expected = get_variable_values(SCHEMA, node.variable_definitions or (), variables)
    compiled = compile_variables(SCHEMA, node)
    if isinstance(expected, list):
        with pytest.raises(Unplannable):
            read_variables(SCHEMA, compiled, variables)
        return False
    found = read_variables(SCHEMA, compiled, variables)
    assert repr(found.coerced) == repr(expected.coerced)  # in the same order
    sent = {name: (str(each.signature.type), each.value) for name, each in found.sources.items()}
    assert sent == {
        name: (str(each.signature.type), each.value) for name, each in expected.sources.items()
    }
    return True


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TYPES), strategy())
def test_values_are_read_alike(kind: str, value: Any) -> None:
    check(kind, "", {"given": value, "other": 1})


def test_variables_that_are_left_out_are_read_alike() -> None:
    assert [check(kind, "", {}) for kind in TYPES] == [not kind.endswith("!") for kind in TYPES]
    assert check("Point", " = {x: 1}", {})
    assert check("Point!", " = {x: 1}", {"given": {"x": 2}})
    assert not check("Point!", " = {x: 1}", {"given": None})


@pytest.mark.parametrize("depth", [10, 1_000])
def test_a_type_that_contains_itself_is_bounded(depth: int) -> None:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"below": [value]}
    assert check("Tree", "", {"given": value}) == (depth == 10)


def test_each_right_value_is_read() -> None:
    point = {"x": 1, "label": None}
    shape = {"id": 7, "points": point, "grid": [[1, None], 2], "notes": {"a": [1]}}
    for kind, value in [
        ("Int!", 1),
        ("[Int!]", 1),
        ("Point", point),
        ("Shape!", shape),
        ("[Choice!]!", [{"point": point}, {"shape": {**shape, "colour": "GREEN"}}]),
    ]:
        assert check(kind, "", {"given": value}), kind
    for kind, value in [
        ("Int!", None),
        ("Point", {"x": 1, "z": 1}),
        ("Point", {"y": 1}),
        ("Shape!", {**shape, "colour": None}),
        ("[Choice!]!", [{}]),
        ("[Choice!]!", [{"point": point, "shape": shape}]),
        ("[Choice!]!", [{"point": None}]),
    ]:
        assert not check(kind, "", {"given": value}), kind
