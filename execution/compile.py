"""Compiles a query to a plan, from the declarations of the fields that it selects."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

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
from execution.connections import compile_page, rows_of
from execution.objects import Member, expression_of, make_objects_of
from execution.plan import (
    AnyObjectPlan,
    Columns,
    FindRoot,
    Link,
    LinkPlace,
    NodesRoot,
    ObjectPlan,
    OneLink,
    PageLink,
    PageRoot,
    QueryPlan,
    Root,
    SubjectLink,
)
from execution.rest import compile_rest
from resolvers.identifiers import PREFIXES
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

_Shared: TypeAlias = dict[Any, Columns]
"""The columns to read of the rows that a loader leads to, by the loader."""


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
        self.operation = operation
        self.fragments = fragments
        self._conditions: list[Condition] = []

    def query(self, root: GraphQLObjectType, selection_set: SelectionSetNode) -> QueryPlan:
        """Compile the root fields."""
        members: list[Member] = []
        roots: list[Root] = []
        fields = self.collect(((selection_set, ALWAYS),), root)
        shared = self._share(fields, root)
        for found in fields:
            condition = self.number(found.condition)
            if found.node.name.value == _INTROSPECTED:
                members.append(Member(found.key, repr(root.name), condition))
                continue
            members.append(Member(found.key, "None", condition))
            place = self._place(found, root, condition)
            match place.declared.metadata.get("declaration"):
                case FindField(loader, by_name):
                    target = self._objects(found.selections, shared[loader], place)
                    roots.append(FindRoot(place, loader, by_name, target))
                case NodesField(is_list):
                    roots.append(NodesRoot(place, is_list, self._any(found.selections, place)))
                case PageField(page_loader, None):
                    page = compile_page(
                        self, found.selections, place, page_loader, shared[page_loader]
                    )
                    roots.append(PageRoot(place, page))
                case _:
                    raise Unplannable(found.node.name.value)
        return QueryPlan(make_objects_of(members, {}), roots, self._conditions)

    def collect(self, selections: Selections, kind: GraphQLObjectType) -> list[CollectedField]:
        """Give the fields of a selection."""
        return collect(selections, kind, self.fragments)

    def number(self, condition: Condition) -> int | None:
        """Give the number of a condition in the plan; None where it always holds."""
        if not condition:
            return None
        if condition not in self._conditions:
            self._conditions.append(condition)
        return self._conditions.index(condition)

    def _place(
        self, found: CollectedField, kind: GraphQLObjectType, condition: int | None
    ) -> LinkPlace:
        name = found.node.name.value
        if name not in kind.fields:
            raise Unplannable(name)  # introspection
        return LinkPlace(found.key, condition, found.node, kind.fields[name])

    def node_type(self, place: LinkPlace) -> GraphQLObjectType:
        """Give the object type that a field leads to."""
        kind = get_named_type(place.field.type)
        if not isinstance(kind, GraphQLObjectType):
            raise Unplannable(place.key)
        return kind

    def _share(self, fields: Sequence[CollectedField], kind: GraphQLObjectType) -> _Shared:
        """Let fields that lead to rows by the same loader share the columns to read.

        What is asked for twice is then read once. All columns are read where any of the rows'
        fields is left to graphql-core.
        """
        shared: _Shared = {}
        for found in fields:
            if found.node.name.value not in kind.fields:
                continue
            place = self._place(found, kind, None)
            match place.declared.metadata.get("declaration"):
                case FindField(loader) | OneField(loader):
                    rows = [found.selections]
                case PageField(loader):
                    rows = rows_of(self, found.selections, self.node_type(place))
                case _:
                    continue
            columns = shared.setdefault(loader, Columns(loader.table))
            if any(self._has_rest(each, loader.table) for each in rows):
                columns.read_all()
        return shared

    def _has_rest(self, selections: Selections, table: Table) -> bool:
        kind = self._kind_of(table)
        return any(self._is_rest(found, kind) for found in self.collect(selections, kind))

    def _kind_of(self, table: Table) -> GraphQLObjectType:
        name = get_object_definition(NODE_TYPES[table], strict=True).name
        kind = self._schema.get_type(name)
        if not isinstance(kind, GraphQLObjectType):
            raise Unplannable(name)
        return kind

    def _objects(self, selections: Selections, columns: Columns, place: LinkPlace) -> ObjectPlan:
        """Compile what is wanted of the rows that a field leads to."""
        kind = self.node_type(place)
        return self.object_plan(self.collect(selections, kind), kind, columns)

    def _is_rest(self, found: CollectedField, kind: GraphQLObjectType) -> bool:
        """Whether graphql-core has to work out a field of a node."""
        if found.node.name.value == _INTROSPECTED:
            return False
        place = self._place(found, kind, None)
        match place.declared.metadata.get("declaration"):
            case ColumnField() | IdentityField() | OneField() | PageField() | SubjectField():
                return False
            case ComputedField():
                return not is_leaf_type(get_named_type(place.field.type))
            case _:
                return True

    def object_plan(
        self, fields: Sequence[CollectedField], kind: GraphQLObjectType, columns: Columns
    ) -> ObjectPlan:
        """Compile what is wanted of a row."""
        members: list[Member] = []
        functions: dict[str, Any] = {}
        links: list[Link] = []
        rest: list[tuple[CollectedField, int | None]] = []
        shared = self._share(fields, kind)
        for found in fields:
            condition = self.number(found.condition)
            if found.node.name.value == _INTROSPECTED:
                members.append(Member(found.key, repr(kind.name), condition))
                continue
            place = self._place(found, kind, condition)
            expression = "None"
            match place.declared.metadata.get("declaration"):
                case OneField() | PageField() | SubjectField():
                    links.append(self._link(found, place, columns, shared))
                case declaration if self._is_rest(found, kind):
                    rest.append((found, condition))
                case declaration:
                    expression = expression_of(declaration, columns, functions)
            members.append(Member(found.key, expression, condition))
        made = make_objects_of(members, functions)
        left = compile_rest(self.operation, self.fragments, rest, kind, columns.table)
        return ObjectPlan(columns, made, links, left)

    def _link(
        self, found: CollectedField, place: LinkPlace, columns: Columns, shared: _Shared
    ) -> Link:
        names = list(columns.table.c.keys())
        match place.declared.metadata["declaration"]:
            case OneField(loader, int(position)):
                key_position = columns.position(names[position])
                is_required = isinstance(place.field.type, GraphQLNonNull)
                target = self._objects(found.selections, shared[loader], place)
                return OneLink(place, loader, key_position, is_required, target)
            case PageField(page_loader, int(position)):
                key_position = columns.position(names[position])
                page = compile_page(self, found.selections, place, page_loader, shared[page_loader])
                return PageLink(place, key_position, page)
            case SubjectField(prefix_position, id_position):
                prefix = columns.position(names[prefix_position])
                own_id = columns.position(names[id_position])
                return SubjectLink(place, prefix, own_id, self._any(found.selections, place))
        raise Unplannable(place.key)

    def _any(self, selections: Selections, place: LinkPlace) -> AnyObjectPlan:
        """Compile what is wanted of rows of any noun."""
        interface = get_named_type(place.field.type)
        if not isinstance(interface, GraphQLInterfaceType):
            raise Unplannable(place.key)
        plans = {}
        for table in NODE_TYPES:
            kind = self._kind_of(table)
            columns = Columns(table)
            if self._has_rest(selections, table):
                columns.read_all()
            plans[PREFIXES[table]] = self.object_plan(self.collect(selections, kind), kind, columns)
        return plans
