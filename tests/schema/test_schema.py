"""The schema as a whole."""

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
)

from schema import schema
from schema.declarations import ComputedField, FindField, IdentityField, PageField
from schema.fields import NODE_TYPES

SNAPSHOT = Path(__file__).parent.parent.parent / "schema.graphql"


def test_the_committed_schema_is_the_schema() -> None:
    assert SNAPSHOT.read_text() == schema.as_str().rstrip() + "\n", "run `make schema`"


def test_everything_is_described() -> None:
    missing = []
    for name, kind in build_schema(schema.as_str()).type_map.items():
        if name.startswith("__") or name in {"Boolean", "Float", "ID", "Int", "String"}:
            continue
        if not kind.description:
            missing.append(name)
        if isinstance(kind, GraphQLEnumType):
            missing += [
                f"{name}.{key}" for key, value in kind.values.items() if not value.description
            ]
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            for key, field in kind.fields.items():
                if not field.description:
                    missing.append(f"{name}.{key}")
                missing += [
                    f"{name}.{key}({argument})"
                    for argument, given in getattr(field, "args", {}).items()
                    if not given.description
                ]
    assert missing == []


def test_every_field_of_a_node_is_declared() -> None:
    assert len(NODE_TYPES) == 18
    for node_type in NODE_TYPES.values():
        for field in node_type.__strawberry_definition__.fields:
            assert "declaration" in field.metadata, f"{node_type.__name__}.{field.python_name}"


def test_every_root_field_is_declared_or_finds_nodes() -> None:
    query = schema.query.__strawberry_definition__  # type: ignore[attr-defined]
    for field in query.fields:
        if field.python_name not in {"node", "nodes", "export_session"}:
            assert isinstance(field.metadata["declaration"], (FindField, PageField))


def test_a_node_has_one_identity_and_few_computed_fields() -> None:
    for node_type in NODE_TYPES.values():
        declarations = [
            field.metadata["declaration"] for field in node_type.__strawberry_definition__.fields
        ]
        assert sum(isinstance(item, IdentityField) for item in declarations) == 1
        assert sum(isinstance(item, ComputedField) for item in declarations) <= 2
