"""Inputs as plain values: what was left out is left out."""

from dataclasses import fields
from enum import Enum
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, GraphQLSchema, get_named_type
from strawberry.types.base import get_object_definition

from resolvers.validation import camel_case


def plain_inputs(schema: GraphQLSchema) -> None:
    """Let mutations take their inputs as graphql-core coerces them: dicts, by Python's names.

    Strawberry would make an object of each input, field by field, to be taken apart again: a
    quarter of what a batch costs in Python.
    """
    root = schema.mutation_type
    for field in root.fields.values() if root else ():
        definition = field.extensions["strawberry-definition"]
        field.resolve = partial(_call, definition.base_resolver.wrapped_func)
        _use_python_names(get_named_type(field.args["input"].type))


def _call(function: Any, _root: Any, info: Any, **arguments: Any) -> Any:
    return function(info, **arguments)


def _use_python_names(kind: Any) -> None:
    if not isinstance(kind, GraphQLInputObjectType) or "python-names" in kind.extensions:
        return
    kind.extensions["python-names"] = True
    definition = get_object_definition(kind.extensions["strawberry-definition"].origin, strict=True)
    names = {
        item.graphql_name or camel_case(item.python_name): item.python_name
        for item in definition.fields
    }
    for name, field in kind.fields.items():
        field.out_name = names[name]
        _use_python_names(get_named_type(field.type))


def unpack(given: Any) -> dict[str, Any]:
    """Give an input's fields as keyword arguments: what was left out is left out."""
    values = {item.name: getattr(given, item.name) for item in fields(given)}
    return {name: _plain(item) for name, item in values.items() if item is not strawberry.UNSET}


def _plain(item: Any) -> Any:
    if _is_input(item):
        return unpack(item)
    if isinstance(item, list) and item and _is_input(item[0]):
        return [unpack(element) for element in item]
    return item  # JSON among others, which may be nested a thousand deep


def _is_input(item: Any) -> bool:
    return hasattr(item, "__strawberry_definition__") and not isinstance(item, Enum)
