"""Variables, read as graphql-core reads them, with what it asks of their types asked once.

https://spec.graphql.org/draft/#sec-Coercing-Variable-Values

For each request graphql-core finds the types of an operation's variables by their names, and asks
each field of an input object what it is. That took a tenth of a small mutation. Here it is done
when the document is prepared. What is wrong is for graphql-core to tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    VariableValues,
    assert_leaf_type,
    get_nullable_type,
    get_variable_values,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

from execution.collect import Unplannable

Read: TypeAlias = Callable[[Any], Any]
"""Reads a value of a type. Raises anything for one that is wrong."""


class _EndlessTypeError(Exception):
    """A type contains itself."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of an operation."""

    name: str
    definition: VariableDefinitionNode
    signature: GraphQLVariableSignature
    read: Read | None
    """None where the type contains itself: then graphql-core bounds how deep a value is."""


def compile_variables(schema: GraphQLSchema, node: OperationDefinitionNode) -> list[Variable]:
    """Find out how to read the variables of a valid operation."""
    variables = []
    for definition in node.variable_definitions or ():
        signature = get_variable_signature(schema, definition)
        if not isinstance(signature, GraphQLVariableSignature):
            raise Unplannable(definition.variable.name.value)
        try:
            read: Read | None = _reader(signature.type)
        except _EndlessTypeError:
            read = None
        variables.append(Variable(signature.name, definition, signature, read))
    return variables


def read_variables(
    schema: GraphQLSchema, variables: Sequence[Variable], given: Mapping[str, Any]
) -> VariableValues:
    """Read what was sent for an operation's variables. Raises `Unplannable` where it is wrong."""
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for variable in variables:
        name, read = variable.name, variable.read
        if read is None or name not in given:
            found = _read_by_graphql_core(schema, variable, given)
            sources |= found.sources
            coerced |= found.coerced
            continue
        sources[name] = VariableValueSource(variable.signature, given[name])
        try:
            coerced[name] = read(given[name])
        except Exception as error:
            raise Unplannable(name) from error
    return VariableValues(sources, coerced)


def _read_by_graphql_core(
    schema: GraphQLSchema, variable: Variable, given: Mapping[str, Any]
) -> VariableValues:
    # the first error will do, since graphql-core then reads them again: each takes as long as
    # what it is found in, and a body may hold a hundred thousand
    found = get_variable_values(
        schema, [variable.definition], dict(given), max_errors=0, hide_suggestions=True
    )
    if isinstance(found, list):
        raise Unplannable(variable.name)
    return found


def _reader(kind: GraphQLInputType, above: tuple[GraphQLInputObjectType, ...] = ()) -> Read:
    """Make the function that reads values of a type; `above` are the types that it stands in."""
    is_required = isinstance(kind, GraphQLNonNull)
    nullable = get_nullable_type(kind)
    if isinstance(nullable, GraphQLList):
        read = _reader_of_list(_reader(nullable.of_type, above))
    elif isinstance(nullable, GraphQLInputObjectType):
        read = _reader_of_object(nullable, above)
    else:
        read = assert_leaf_type(nullable).coerce_input_value

    def read_or_null(value: Any) -> Any:
        if value is not None:
            return read(value)
        if is_required:
            raise TypeError
        return None

    return read_or_null


def _reader_of_list(read_item: Read) -> Read:
    def read(value: Any) -> list[Any]:
        # one value stands for a list of it
        return [read_item(item) for item in (value if isinstance(value, list) else [value])]

    return read


def _reader_of_object(
    kind: GraphQLInputObjectType, above: tuple[GraphQLInputObjectType, ...]
) -> Read:
    if kind in above:
        raise _EndlessTypeError
    names = kind.fields.keys()
    fields = [
        (
            name,
            field.out_name or name,
            _reader(field.type, (*above, kind)),
            is_required_input_field(field),
            coerce_default_value(field),
        )
        for name, field in kind.fields.items()
    ]

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or not value.keys() <= names:
            raise TypeError
        made = {}
        for name, own_name, read_field, is_required, default in fields:
            if name in value:
                made[own_name] = read_field(value[name])
            elif is_required:
                raise TypeError
            elif default is not Undefined:
                made[own_name] = default
        if kind.is_one_of and (len(value) != 1 or None in made.values()):
            raise TypeError
        return kind.out_type(made)

    return read
