"""Plans: what to read for a query, and what to make of it.

A plan is a list of steps, each of which gives a value for the objects of its parent. Its rows are
read by one statement together with those of all other steps (`execution/statement.py`). It holds
nothing of a request: arguments, variables and conditions are its inputs.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from graphql import FieldNode, GraphQLField
from sqlalchemy import JSON, LargeBinary, Table, Text, Uuid
from sqlalchemy.types import TypeEngine
from strawberry.types.field import StrawberryField

from execution.collect import Condition
from execution.variables import Variable
from resolvers.loaders import OneByColumn, Pages
from resolvers.page import Page

MakeObject: TypeAlias = Callable[[Any, Sequence[bool], Sequence[Any]], dict[str, Any]]
"""Makes an object of a row, of which conditions hold, and of the values of steps by number."""

COUNT = "count"
"""What a count is called where others have the names of columns."""

PART, KEY = 0, 1
"""Where a row of the statement has the number of its step, and the key that led to it."""


def read_as(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Give the type that values of a column are read as.

    JSON is text, for the response. A UUID is its 16 bytes, which cost a quarter of a UUID to find
    in a dictionary, and are what an id is made of.
    """
    if isinstance(kind, JSON):
        return Text()
    return LargeBinary() if isinstance(kind, Uuid) else kind


@dataclass
class Slots:
    """The columns of the statement's rows behind the key: steps share those of the same type."""

    types: list[TypeEngine[Any]] = field(default_factory=list)
    _positions: dict[tuple[str, int], int] = field(default_factory=dict)

    def position(self, kind: TypeEngine[Any], number: int) -> int:
        """Give the place of the slot of a type that has this number among those of its type."""
        slot = repr(kind), number
        if slot not in self._positions:
            self._positions[slot] = KEY + 1 + len(self.types)
            self.types.append(kind)
        return self._positions[slot]


@dataclass
class Columns:
    """The columns that a step reads of a table's rows, and their places in the statement's."""

    table: Table
    slots: Slots
    positions: dict[str, int] = field(default_factory=dict)
    are_whole: bool = False
    """Whether the rows are those of the table, with UUIDs for bytes."""
    _numbers: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of_row(cls, table: Table) -> "Columns":
        """Give the columns of whole rows."""
        positions = {column.name: place for place, column in enumerate(table.c)}
        return cls(table, Slots(), positions, are_whole=True)

    def position(self, name: str) -> int:
        """Give a column's place; it is read from now on."""
        return self.read(name, read_as(self.table.c[name].type))

    def read(self, name: str, kind: TypeEngine[Any]) -> int:
        """Give the place of something of a type; it is read from now on."""
        if name not in self.positions:
            self.positions[name] = self.slots.position(kind, self._numbers[repr(kind)])
            self._numbers[repr(kind)] += 1
        return self.positions[name]

    def copy(self) -> "Columns":
        """Give the same columns, to read more of them once."""
        return replace(self, positions=dict(self.positions), _numbers=self._numbers.copy())


@dataclass
class Place:
    """Where a field stands: its key in the object, its condition, its node in the document."""

    key: str
    condition: int | None
    node: FieldNode
    field: GraphQLField

    @property
    def declaration(self) -> Any:
        """What the field reads (`schema/declarations.py`); None if it does not say."""
        declared: StrawberryField = self.field.extensions["strawberry-definition"]
        return declared.metadata.get("declaration")


@dataclass
class Rest:
    """Fields of a node that are left to graphql-core: it runs them as an operation of their own."""

    node_type: type[Any]
    type_name: str
    keys: list[tuple[str, int | None]]
    """Their keys, each with the number of its condition."""
    row: list[tuple[int, bool]]
    """The places of all columns of the table, and whether each is a UUID."""
    document: Any


@dataclass
class ObjectPlan:
    """What is wanted of a row."""

    make: MakeObject
    rest: Rest | None
    """What graphql-core makes of each row."""


@dataclass
class ConnectionPlan:
    """What is wanted of a page."""

    make: MakeObject
    """Makes the connection of (edges, nodes, page information, count)."""
    make_edge: MakeObject | None
    """Makes an edge of (cursor, node)."""
    make_information: MakeObject | None
    """Makes page information of (has next, has previous, start cursor, end cursor)."""
    nodes: ObjectPlan | None
    edge_nodes: ObjectPlan | None
    wants_cursors: bool
    count: "CountStep | None"
    is_plain: bool = field(init=False)
    """Whether nodes are all that is wanted, or their count."""

    def __post_init__(self) -> None:
        """Find out how much is wanted."""
        self.is_plain = self.make_edge is None and self.make_information is None


class AskedPage(NamedTuple):
    """A page, the same with parameters for its values, and those (`Page.with_parameters`)."""

    page: Page
    shape: Page
    values: dict[str, Any]


@dataclass
class Step:
    """Gives a value for the field at a place; steps are numbered, each after its parent."""

    number: int
    place: Place
    parent: "ReadStep | None"
    """The step whose rows the field belongs to; None for a root field."""

    @property
    def varies(self) -> bool:
        """Whether requests differ in how it is read, and not just in whether."""
        return False


@dataclass
class ReadStep(Step):
    """Reads rows for each key that is in a column of the parent, or once for the query.

    With `noun`, a column and the prefix that it must hold, only rows of the parent that have it
    there lead to others.
    """

    columns: Columns
    key: str | None = None
    noun: tuple[str, str] | None = None


@dataclass
class OneStep(ReadStep):
    """Gives the object of each key."""

    loader: OneByColumn = field(kw_only=True)
    objects: ObjectPlan = field(init=False)


@dataclass
class FindStep(OneStep):
    """Gives what a root field finds by an id, or by the runtime's own name: its key is None."""

    by_name: OneByColumn | None = field(kw_only=True)

    @property
    def varies(self) -> bool:
        """Whether requests differ in how it is read: by id or by name."""
        return self.by_name is not None


@dataclass
class EventStep(FindStep):
    """Gives what a link in a subscription's event leads to: its key is None."""

    link: str = field(kw_only=True)


@dataclass
class KeysStep(OneStep):
    """Gives the objects of one noun that a root field asks for by their ids."""


@dataclass
class NodesStep(Step):
    """Gives objects of any noun, by the prefix of their ids: what its steps give.

    For a root field it gives the field's value.
    """

    steps: dict[str, OneStep] = field(default_factory=dict)


@dataclass
class PageStep(ReadStep):
    """Gives the connection of each key; that of a root field has the key None."""

    loader: Pages = field(kw_only=True)
    asked: "AskedPage | None" = field(kw_only=True)
    """The page, where the field's arguments have no variables."""
    connection: ConnectionPlan = field(init=False)

    @property
    def varies(self) -> bool:
        """Whether requests ask for different pages."""
        return self.asked is None


@dataclass
class CountStep(ReadStep):
    """Gives the number of rows of each key's connection."""

    loader: Pages = field(kw_only=True)
    page_step: PageStep = field(kw_only=True)

    @property
    def varies(self) -> bool:
        """Whether requests count by different filters."""
        return self.page_step.varies

    @property
    def position(self) -> int:
        """Where the number stands."""
        return self.columns.positions[COUNT]


@dataclass(eq=False)
class QueryPlan:
    """A query: its root's object, its steps, each after its parent, conditions and variables."""

    make: MakeObject
    steps: list[Step]
    slots: Slots
    conditions: list[Condition]
    variables: list[Variable]
