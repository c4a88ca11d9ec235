"""Inputs as plain values: what was left out is left out."""

from functools import partial
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from strawberry.types.base import get_object_definition

from resolvers.validation import camel_case
from schema.declarations import PageField


def plain_inputs(schema: GraphQLSchema) -> None:
    """Let mutations, subscriptions and connections take inputs as graphql-core coerces them: dicts.

    Their keys are Python's names. Strawberry would make an object of each input, field by field, to
    be taken apart again: a quarter of what a batch costs in Python.
    """
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for field in kind.fields.values():
            declared = field.extensions.get("strawberry-definition")
            if kind is schema.mutation_type:
                _make_plain(field, partial(_call, declared.base_resolver.wrapped_func))
            elif kind is schema.subscription_type:
                field.subscribe = declared.base_resolver.wrapped_func
                _make_plain(field, declared.metadata["declaration"].show)
            elif declared and isinstance(declared.metadata.get("declaration"), PageField):
                _make_plain(field, declared.base_resolver.wrapped_func)


def _call(function: Any, _root: Any, info: Any, **arguments: Any) -> Any:
    return function(info, **arguments)


def _make_plain(field: GraphQLField, resolve: Any) -> None:
    field.resolve = resolve
    for name, argument in field.args.items():
        argument.out_name = _SPELLED.get(name, name)
        _use_python_names(get_named_type(argument.type))


_SPELLED = {"orderBy": "order_by"}


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
