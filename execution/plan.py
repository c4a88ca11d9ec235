"""Plans: what to load for a query, level by level, and what to make of it.

A plan holds nothing of a request: arguments, variables and conditions are its inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLField
from sqlalchemy import Table
from strawberry.types.field import StrawberryField

from execution.collect import Condition
from resolvers.loaders import AnyPage, ById, OneByColumn

MakeObject: TypeAlias = Callable[[Sequence[Any], Sequence[bool]], dict[str, Any]]
"""Makes an object of a row's values; the booleans tell which conditions hold."""


@dataclass
class Columns:
    """The columns to read of a table's rows, in order; selections of the same rows share them."""

    table: Table
    names: list[str] = field(default_factory=lambda: ["id"])

    def position(self, name: str) -> int:
        """Give a column's place in the rows; it is read from now on."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)

    def read_all(self) -> None:
        """Read every column, in the table's order. Only before any other is asked for."""
        self.names[:] = list(self.table.c.keys())


@dataclass
class ObjectPlan:
    """What is wanted of a row."""

    columns: Columns
    make: MakeObject
    links: list["Link"]
    rest: "Rest | None"
    """What graphql-core makes of each row."""


@dataclass
class Rest:
    """Fields of a node that are left to graphql-core: it runs them as an operation of their own."""

    node_type: type[Any]
    type_name: str
    keys: list[tuple[str, int | None]]
    """Their keys, each with the number of its condition."""
    document: Any


@dataclass
class LinkPlace:
    """Where a link stands: its key in the object, its condition, its field in the document."""

    key: str
    condition: int | None
    node: FieldNode
    field: GraphQLField

    @property
    def declared(self) -> StrawberryField:
        """The field as it was declared."""
        declared: StrawberryField = self.field.extensions["strawberry-definition"]
        return declared


@dataclass
class OneLink:
    """To one row."""

    place: LinkPlace
    loader: ById | OneByColumn
    key_position: int
    is_required: bool
    target: ObjectPlan


@dataclass
class PagePlan:
    """What is wanted of a connection's page."""

    loader: AnyPage
    make: MakeObject
    """Makes the connection of (edges, nodes, page information, count)."""
    make_edge: MakeObject
    """Makes an edge of (cursor, node)."""
    make_information: MakeObject
    """Makes page information of (has next, has previous, start cursor, end cursor)."""
    columns: Columns
    nodes: ObjectPlan | None
    edge_nodes: ObjectPlan | None
    wants_cursors: bool
    wants_edges: bool
    wants_count: bool


@dataclass
class PageLink:
    """To a page of rows."""

    place: LinkPlace
    key_position: int
    page: PagePlan


AnyObjectPlan: TypeAlias = dict[str, ObjectPlan]
"""What is wanted of a row of each noun, by the prefix of its ids."""


@dataclass
class SubjectLink:
    """To one row of any noun."""

    place: LinkPlace
    prefix_position: int
    id_position: int
    targets: AnyObjectPlan


Link: TypeAlias = OneLink | PageLink | SubjectLink


@dataclass
class FindRoot:
    """A root field that finds one row."""

    place: LinkPlace
    loader: ById
    by_name: OneByColumn | None
    target: ObjectPlan


@dataclass
class PageRoot:
    """A root field that is a connection of the project."""

    place: LinkPlace
    page: PagePlan


@dataclass
class NodesRoot:
    """A root field that finds rows of any noun."""

    place: LinkPlace
    is_list: bool
    targets: AnyObjectPlan


Root: TypeAlias = FindRoot | PageRoot | NodesRoot


@dataclass
class QueryPlan:
    """A query's root fields in order, and the conditions that its parts refer to by number."""

    make: MakeObject
    roots: list[Root]
    conditions: list[Condition]
