"""Documents that schemathesis makes of the schema: valid by their types, odd in their values."""

import json
import re
from pathlib import Path
from typing import Any

import graphql
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.hostile_server import HostileServer
from tests.hostile.odd_values import EXAMPLES, JSON_VALUES, check_survived, examples
from tests.hostile.raw_connection import exchange
from tests.hostile.request_bytes import write_request

_SCHEMA = Path(__file__).parent.parent.parent / "schema.graphql"
_USUAL_EXAMPLES = 4
_MOST_CHARACTERS = 90_000
_TAKE_MINUTES = {"Mutation.recordBatch", "Mutation.recordTurn"}
"""Since schemathesis draws all of an input's fields, and theirs."""


def _literal(value: Any) -> graphql.ConstValueNode:
    """Write JSON as a literal; keys that are no names are left out."""
    return graphql.parse_const_value(_text(value))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    if isinstance(value, dict):
        names = {key: each for key, each in value.items() if re.fullmatch("[a-z_]+", key)}
        return f"{{{' '.join(f'{name}: {_text(each)}' for name, each in names.items())}}}"
    return json.dumps(value)


_LITERALS = JSON_VALUES.map(_literal)
_TIMES = st.datetimes().map(lambda time: _literal(f"{time.isoformat()}Z")) | _LITERALS
_DECIMALS = st.decimals().map(lambda number: _literal(str(number))) | _LITERALS
for _name, _strategy in (
    ("JSON", _LITERALS),
    ("DateTime", _TIMES),
    ("Decimal", _DECIMALS),
    ("BigInt", st.integers(-(2**70), 2**70).map(_literal) | _LITERALS),
):
    schemathesis.graphql.scalar(_name, _strategy)

_API: Any = schemathesis.graphql.from_path(_SCHEMA)
_FIELDS = [found.ok() for found in _API.get_all_operations()]


@pytest.mark.parametrize("field", _FIELDS, ids=lambda field: field.label)
@examples(_USUAL_EXAMPLES)
@given(data=st.data())
def test_documents_of_the_schema(server: HostileServer, field: Any, data: st.DataObject) -> None:
    if field.label in _TAKE_MINUTES and not EXAMPLES:
        pytest.skip("left to `make test-hostile`")
    document = data.draw(field.as_strategy()).body
    request = write_request(server.places["key"], {"query": document[:_MOST_CHARACTERS]})
    check_survived(server, exchange(server.port, request))
