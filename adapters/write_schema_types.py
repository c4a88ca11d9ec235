"""Writes sessiongraph_client/schema_types.py: the API's inputs as types, from ../schema.graphql.

`python write_schema_types.py --check` writes nothing, and fails where it would write another text.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_required_input_field,
)

_FOLDER = Path(__file__).parent
_SCHEMA = _FOLDER.parent / "schema.graphql"
_WRITTEN = _FOLDER / "sessiongraph_client" / "schema_types.py"
_SCALARS = {
    "Boolean": "bool",
    "DateTime": "str",
    "Decimal": "str",
    "Float": "float",
    "ID": "str",
    "Int": "int",
    "JSON": "Any",
    "String": "str",
}
_HEAD = '''"""What the API's mutations take. Written by write_schema_types.py, not by hand."""

from typing import Any, Literal, NotRequired, TypedDict
'''


def main() -> int:
    """Write the types, or with --check compare them; give the exit status."""
    schema = build_schema(_SCHEMA.read_text())
    text = "\n".join([_HEAD, *(_definition(found) for found in sorted_inputs(schema))])
    if "--check" not in sys.argv[1:]:
        _WRITTEN.write_text(text)
        return 0
    if _WRITTEN.read_text() == text:
        return 0
    sys.stderr.write("schema_types.py is not that of schema.graphql: run write_schema_types.py\n")
    return 1


def sorted_inputs(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """Find the enums and inputs that mutations take, each behind those that it is made of."""
    found: dict[str, GraphQLNamedType] = {}
    mutations = schema.mutation_type.fields if schema.mutation_type else {}
    for field in mutations.values():
        for argument in field.args.values():
            _find(argument.type, found)
    return list(found.values())


def _find(type_: GraphQLInputType, found: dict[str, GraphQLNamedType]) -> None:
    named = get_named_type(type_)
    if named.name in found or named.name in _SCALARS:
        return
    if isinstance(named, GraphQLInputObjectType):
        for field in named.fields.values():
            _find(field.type, found)
    found[named.name] = named


def _definition(named: GraphQLNamedType) -> str:
    if isinstance(named, GraphQLInputObjectType):
        return "\n".join(["", f"class {named.name}(TypedDict):", *_body(named)])
    if isinstance(named, GraphQLEnumType):
        values = ", ".join(f'"{value}"' for value in named.values)
        return f"\n{named.name} = Literal[{values}]"
    message = f"There is no type for {named.name}: name it in _SCALARS."
    raise TypeError(message)


def _body(named: GraphQLInputObjectType) -> Iterator[str]:
    yield f'    """{named.description or named.name}"""\n'
    for name, field in named.fields.items():
        yield f"    {name}: {_annotation(field)}"
    yield ""


def _annotation(field: GraphQLInputField) -> str:
    written = _written(field.type)
    return written if is_required_input_field(field) else f"NotRequired[{written}]"


def _written(type_: GraphQLInputType) -> str:
    if isinstance(type_, GraphQLNonNull):
        return _written_value(type_.of_type)
    return f"{_written_value(type_)} | None"


def _written_value(type_: GraphQLInputType) -> str:
    if isinstance(type_, GraphQLList):
        return f"list[{_written(type_.of_type)}]"
    named = get_named_type(type_)
    return _SCALARS.get(named.name, named.name)


if __name__ == "__main__":
    sys.exit(main())
