"""An operation that is being compiled: its fields by selection, and the steps there are so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from sqlalchemy import Table
from strawberry.types.base import get_object_definition

from execution.collect import ALWAYS, CollectedField, Condition, Selections, Unplannable, collect
from execution.plan import Columns, Place, ReadStep, Slots, Step
from execution.variables import Variable, compile_variables
from schema.fields import NODE_TYPES

TYPENAME = "__typename"


@dataclass
class Operation:
    """What the compilers of fields share."""

    schema: GraphQLSchema
    node: OperationDefinitionNode
    root: GraphQLObjectType
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: list[Variable]
    steps: list[Step] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    slots: Slots = field(default_factory=Slots)

    @classmethod
    def of(
        cls, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
    ) -> "Operation":
        """Begin with an operation of a valid document."""
        fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        root = object_type(schema.get_root_type(node.operation))
        return cls(schema, node, root, fragments, compile_variables(schema, node))

    def root_fields(self) -> list[CollectedField]:
        """Give the root fields."""
        return self.collect(((self.node.selection_set, ALWAYS),), self.root)

    def collect(self, selections: Selections, kind: GraphQLObjectType) -> list[CollectedField]:
        """Give the fields of a selection."""
        return collect(selections, kind, self.fragments)

    def number(self, condition: Condition) -> int | None:
        """Give the number of a condition in the plan; None where it always holds."""
        if not condition:
            return None
        if condition not in self.conditions:
            self.conditions.append(condition)
        return self.conditions.index(condition)

    def place(self, found: CollectedField, kind: GraphQLObjectType) -> Place:
        """Give the place of a field. Raises `Unplannable` for introspection."""
        name = found.node.name.value
        if name not in kind.fields:
            raise Unplannable(name)
        return Place(found.key, self.number(found.condition), found.node, kind.fields[name])

    def new(self, place: Place, parent: ReadStep | None, table: Table) -> dict[str, Any]:
        """Give what the next step begins with."""
        columns = Columns(table, self.slots)
        return {"number": len(self.steps), "place": place, "parent": parent, "columns": columns}

    def node_type(self, table: Table) -> GraphQLObjectType:
        """Give the object type of a table's rows."""
        return object_type(
            self.schema.type_map[get_object_definition(NODE_TYPES[table], strict=True).name]
        )


def object_type(given: Any) -> GraphQLObjectType:
    """Give the object type within lists and non-nulls. Raises `Unplannable` for another kind."""
    kind = get_named_type(given)
    if not isinstance(kind, GraphQLObjectType):
        raise Unplannable(str(given))
    return kind
