"""Whatever a project records names its own objects alone, and touches no others."""

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from models import Base
from tests.mutation_inputs import INPUT_TYPES, Path, input_fields, with_value
from tests.schema.isolation.conftest import Prober
from tests.twin_projects import THEIRS_ALONE, minimal_input, unknown

_NOUNS = {"parent": "Session", "spawnedByToolCall": "ToolCall", "sourceMessage": "Message"}
_NAMED = {"Session", "Agent", "Memory", "ToolCall"}
"""What a runtime may call by a name of its own."""
_BY_ID = {"spawnedByToolCall"}


def paths_to_ids() -> list[tuple[str, Path]]:
    """Every field of a mutation's input that takes an id, those of batches' records included."""
    return [
        (mutation, path)
        for mutation, kind in INPUT_TYPES.items()
        for path, field_type in input_fields(kind)
        if get_named_type(field_type).name == "ID"
    ]


def _valid(kind: GraphQLInputObjectType, path: Path, prober: Prober) -> dict[str, Any]:
    """Make an input that is taken, on the way to a field: required values, and objects of mine."""
    if path[0] == "records":
        name = str(path[2])
        records = get_named_type(kind.fields["records"].type)
        assert isinstance(records, GraphQLInputObjectType)
        inner = get_named_type(records.fields[name].type)
        assert isinstance(inner, GraphQLInputObjectType)
        return {"records": [{name: _valid(inner, path[3:], prober)}]}
    values = minimal_input(kind)
    for field, definition in kind.fields.items():
        if get_named_type(definition.type).name == "ID" and str(definition.type).endswith("!"):
            values[field] = prober.stores.my_ids[_noun(field)][0]
    if path == ("toolCall",) and "session" in kind.fields:
        values["session"] = prober.stores.my_ids["Session"][0]
    if "moduleId" in kind.fields:
        values["moduleId"] = "m"
    inner = get_named_type(kind.fields[str(path[0])].type)
    if len(path) > 1 and isinstance(inner, GraphQLInputObjectType):
        values[str(path[0])] = [minimal_input(inner)]
    return values


def _noun(field: str) -> str:
    return _NOUNS.get(field, field[0].upper() + field[1:])


async def test_inputs_that_take_an_id(prober: Prober) -> None:
    tried = paths_to_ids()
    assert len(tried) > 60
    for mutation, path in tried:
        kind = INPUT_TYPES[mutation]
        field = str(path[-1])
        noun = _noun(field)
        given = [prober.stores.their_ids[noun][-1]]
        if noun in _NAMED and field not in _BY_ID:
            given.append(THEIRS_ALONE)
        document = f"""mutation ($input: {kind.name}!) {{
          {mutation}(input: $input) {{ __typename }} }}"""
        for each in given:
            valid = _valid(kind, path, prober)
            errors = []
            for reference in (each, unknown(each)):
                reply = await prober.ask(document, input=with_value(valid, path, reference))
                errors.append(reply.error)
            assert errors[0] == errors[1], (mutation, path)
            told = (errors[0]["code"], errors[0]["field"])
            assert told == ("NOT_FOUND", ".".join(map(str, path))), (mutation, path, errors[0])


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_what_is_unique_is_so_in_its_project(table: Table) -> None:
    if "project_id" not in table.c:
        # persisted documents are the operator's: all projects share them, and they hold no data
        assert table.name in {"projects", "persisted_documents"}
        return
    unique: list[Any] = [table.primary_key]
    unique += [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    unique += [item for item in table.indexes if item.unique]
    for key in unique:
        names = [column.name for column in key.columns]
        # a key's prefix is what tells the project
        assert "project_id" in names or (table.name, names) == ("api_keys", ["prefix"]), key.name
    for key in table.constraints:
        if isinstance(key, ForeignKeyConstraint):
            pairs = [(each.parent.name, each.column.name) for each in key.elements]
            to_project = [("project_id", "id")]
            assert ("project_id", "project_id") in pairs or pairs == to_project, key.name
