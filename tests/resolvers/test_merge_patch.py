"""JSON merge patches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.merge_patch import merge, replaced

# RFC 7396, appendix A
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), DOCUMENTS, max_size=3)


@pytest.mark.parametrize(("document", "patch", "result"), EXAMPLES)
def test_the_examples_of_the_specification(document: Any, patch: Any, result: Any) -> None:
    assert merge(document, patch) == result


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_applied_twice_is_applied_once(document: Any, patch: Any) -> None:
    once = merge(document, patch)
    assert merge(once, patch) == once


@given(OBJECTS, OBJECTS)
def test_what_is_replaced_has_the_patchs_keys(document: Any, patch: Any) -> None:
    before = replaced(document, patch)
    assert before.keys() == patch.keys()
    for key, value in before.items():
        if not isinstance(patch[key], dict):
            assert value == document.get(key)


@given(OBJECTS, st.dictionaries(st.sampled_from("abc"), st.integers() | st.none(), max_size=3))
def test_what_is_replaced_brings_a_flat_document_back(document: Any, patch: Any) -> None:
    flat = {key: value for key, value in document.items() if value is not None}
    flat = {key: value for key, value in flat.items() if not isinstance(value, dict)}
    assert merge(merge(flat, patch), replaced(flat, patch)) == flat
