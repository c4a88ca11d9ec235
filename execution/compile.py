"""Compiles a query to a plan, from the declarations of the fields that it selects."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)
from sqlalchemy import Table
from strawberry.types.base import get_object_definition

from execution.collect import (
    ALWAYS,
    CollectedField,
    Condition,
    Selections,
    Unplannable,
    collect,
)
from execution.connections import compile_page
from execution.objects import Member, expression_of, make_objects_of
from execution.plan import (
    Columns,
    FindStep,
    KeysStep,
    NodesStep,
    ObjectPlan,
    OneStep,
    Place,
    QueryPlan,
    ReadStep,
    Slots,
    Step,
)
from execution.rest import compile_rest
from resolvers.identifiers import PREFIXES
from resolvers.loaders import OneByColumn
from schema.declarations import (
    ColumnField,
    ComputedField,
    FindField,
    IdentityField,
    NodesField,
    OneField,
    PageField,
    SubjectField,
)
from schema.fields import NODE_TYPES

_INTROSPECTED = "__typename"


def compile_query(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> QueryPlan:
    """Compile a valid query. Raises `Unplannable` where graphql-core has to run it."""
    if operation.operation is not OperationType.QUERY or schema.query_type is None:
        raise Unplannable(operation.operation)
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    compiler = Compiler(schema, operation, fragments)
    return compiler.query(schema.query_type, operation.selection_set)


class Compiler:
    """Compiles one operation."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._fragments = fragments
        self._conditions: list[Condition] = []
        self.steps: list[Step] = []
        self._slots = Slots()

    def query(self, root: GraphQLObjectType, selection_set: SelectionSetNode) -> QueryPlan:
        """Compile the root fields."""
        members: list[Member] = []
        for found in self.collect(((selection_set, ALWAYS),), root):
            condition = self.number(found.condition)
            if found.node.name.value == _INTROSPECTED:
                expression = repr(root.name)
            else:
                expression = self._root(found, self._place(found, root, condition))
            members.append(Member(found.key, expression, condition))
        made = make_objects_of(members, {})
        return QueryPlan(made, self.steps, self._slots, self._conditions)

    def _root(self, found: CollectedField, place: Place) -> str:
        """Compile a root field; give the expression of its value."""
        match place.declared.metadata.get("declaration"):
            case FindField(loader, by_name):
                new = self.new(place, None, loader.table)
                find = FindStep(**new, loader=loader, by_name=by_name)
                self._one(find, found.selections)
                return f"values[{find.number}].get(None)"
            case NodesField(is_list):
                nodes = self._nodes(found.selections, place, None)
                number = nodes.number
                found_all = f"[subject(values[{number}], *each) for each in row[{number}]]"
                return found_all if is_list else f"{found_all}[0]"
            case PageField(pages, None):
                step = compile_page(self, found.selections, place, pages)
                return f"values[{step.number}][None]"
        raise Unplannable(found.node.name.value)

    def collect(self, selections: Selections, kind: GraphQLObjectType) -> list[CollectedField]:
        """Give the fields of a selection."""
        return collect(selections, kind, self._fragments)

    def number(self, condition: Condition) -> int | None:
        """Give the number of a condition in the plan; None where it always holds."""
        if not condition:
            return None
        if condition not in self._conditions:
            self._conditions.append(condition)
        return self._conditions.index(condition)

    def new(self, place: Place, parent: ReadStep | None, table: Table) -> dict[str, Any]:
        """Give what a new step begins with."""
        columns = Columns(table, self._slots)
        return {"number": len(self.steps), "place": place, "parent": parent, "columns": columns}

    def _place(
        self, found: CollectedField, kind: GraphQLObjectType, condition: int | None
    ) -> Place:
        name = found.node.name.value
        if name not in kind.fields:
            raise Unplannable(name)  # introspection
        return Place(found.key, condition, found.node, kind.fields[name])

    def node_type(self, place: Place) -> GraphQLObjectType:
        """Give the object type that a field leads to."""
        kind = get_named_type(place.field.type)
        if not isinstance(kind, GraphQLObjectType):
            raise Unplannable(place.key)
        return kind

    def _one(self, step: OneStep, selections: Selections) -> None:
        """Add a step, and compile what is wanted of its rows."""
        self.steps.append(step)
        kind = self._kind_of(step.columns.table)
        step.objects = self.object_plan(self.collect(selections, kind), kind, step)

    def _kind_of(self, table: Table) -> GraphQLObjectType:
        name = get_object_definition(NODE_TYPES[table], strict=True).name
        kind = self._schema.get_type(name)
        if not isinstance(kind, GraphQLObjectType):
            raise Unplannable(name)
        return kind

    def object_plan(
        self, fields: Sequence[CollectedField], kind: GraphQLObjectType, step: ReadStep
    ) -> ObjectPlan:
        """Compile what is wanted of a step's rows."""
        members: list[Member] = []
        functions: dict[str, Any] = {}
        rest: list[tuple[CollectedField, int | None]] = []
        for found in fields:
            condition = self.number(found.condition)
            expression = "None"
            if found.node.name.value == _INTROSPECTED:
                expression = repr(kind.name)
            else:
                place = self._place(found, kind, condition)
                declaration = place.declared.metadata.get("declaration")
                if _is_rest(place, declaration):
                    rest.append((found, condition))
                elif isinstance(declaration, OneField | PageField | SubjectField):
                    expression = self._link(found, place, declaration, step)
                else:
                    expression = expression_of(declaration, step.columns, functions)
            members.append(Member(found.key, expression, condition))
        left = compile_rest(self._operation, self._fragments, rest, kind, step.columns)
        return ObjectPlan(make_objects_of(members, functions), left)

    def _link(self, found: CollectedField, place: Place, declaration: Any, parent: ReadStep) -> str:
        """Compile a field that leads to other rows; give the expression of its value."""
        columns = parent.columns
        names = list(columns.table.c.keys())
        match declaration:
            case OneField(loader, int(position)):
                new = self.new(place, parent, loader.table)
                one = OneStep(**new, key=names[position], loader=loader)
                self._one(one, found.selections)
                key = f"row[{columns.position(names[position])}]"
                if isinstance(place.field.type, GraphQLNonNull):
                    return f"values[{one.number}][{key}]"
                return f"values[{one.number}].get({key})"
            case PageField(pages, int(position)):
                key = f"row[{columns.position(names[position])}]"
                name = names[position]
                step = compile_page(self, found.selections, place, pages, parent=parent, key=name)
                return f"values[{step.number}][{key}]"
            case SubjectField(prefix_position, id_position):
                prefix, own_id = names[prefix_position], names[id_position]
                nodes = self._nodes(found.selections, place, parent, prefix, own_id)
                places = columns.position(prefix), columns.position(own_id)
                return f"subject(values[{nodes.number}], row[{places[0]}], row[{places[1]}])"
        raise Unplannable(place.key)

    def _nodes(
        self, selections: Selections, place: Place, parent: ReadStep | None, *subject: str
    ) -> NodesStep:
        """Add the steps that read rows of any noun."""
        interface = get_named_type(place.field.type)
        if not isinstance(interface, GraphQLInterfaceType):
            raise Unplannable(place.key)
        nodes = NodesStep(len(self.steps), place, parent)
        self.steps.append(nodes)
        for table, prefix in PREFIXES.items():
            if table not in NODE_TYPES:
                continue
            new = self.new(place, parent, table)
            if parent is None:
                one: OneStep = KeysStep(**new, loader=OneByColumn(table))
            else:
                column, own_id = subject
                noun = column, prefix
                one = OneStep(**new, key=own_id, noun=noun, loader=OneByColumn(table))
            self._one(one, selections)
            nodes.steps[prefix] = one
        return nodes


def _is_rest(place: Place, declaration: Any) -> bool:
    """Whether graphql-core has to work out a field of a node."""
    match declaration:
        case ColumnField() | IdentityField() | OneField() | PageField() | SubjectField():
            return False
        case ComputedField():
            return not is_leaf_type(get_named_type(place.field.type))
    return True
