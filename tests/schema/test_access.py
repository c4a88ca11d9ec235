"""Which scope each field needs."""

from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from models import Scope
from schema import schema
from schema.access import required_scope

_SCHEMA: GraphQLSchema = schema._schema
_ADMINISTRATION = {"deleteSession", "deleteMessage", "deleteSessionMessages", "deleteMemory"}
_OF_WHO_RECORDS = {"deleteSessionItems"}
"""What a framework keeps of its own, it may replace, and so may it delete it."""


def _types() -> list[GraphQLObjectType | GraphQLInterfaceType]:
    return [
        kind
        for name, kind in _SCHEMA.type_map.items()
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and name[:2] != "__"
    ]


def test_every_field_has_a_rule() -> None:
    without = []
    for kind in _types():
        for name, field in kind.fields.items():
            declared: Any = field.extensions.get("strawberry-definition")
            if declared is None or not isinstance(declared.metadata.get("scope"), Scope):
                without.append(f"{kind.name}.{name}")
    assert without == []


def test_what_each_field_needs() -> None:
    for kind in _types():
        for name, field in kind.fields.items():
            needed = Scope.READ
            if kind is _SCHEMA.mutation_type:
                needed = Scope.ADMIN if name in _ADMINISTRATION else Scope.RECORD
            assert required_scope(field) is needed, f"{kind.name}.{name}"


def test_subscriptions_are_known() -> None:
    assert _SCHEMA.subscription_type is not None
    assert set(_SCHEMA.subscription_type.fields) == {
        "sessionEvents",
        "sessions",
        "confirmation",
        "confirmations",
        "memoryAccesses",
    }


def test_what_deletes_is_known() -> None:
    assert _SCHEMA.mutation_type is not None
    names = _SCHEMA.mutation_type.fields
    deleting = {name for name in names if name.startswith(("delete", "erase"))}
    assert deleting == _ADMINISTRATION | _OF_WHO_RECORDS
