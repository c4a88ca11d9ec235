"""Fields, declared once: each makes its Strawberry resolver from what it declares.

`column`, `computed`, `one`, `many`, `page` and `loaded` are the fields of a node or a payload,
`find` and `page` those of the root. The declaration stays in the field's `metadata["declaration"]`
(`schema/declarations.py`); nothing else knows how a field resolves. Whoever may read may read
them all (`schema/access.py`).
"""

from asyncio import gather
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from operator import itemgetter
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import InstrumentedAttribute

from resolvers.batch_loading import Loader
from resolvers.context import Context
from resolvers.filters import Filter, read_filter
from resolvers.identifiers import PREFIXES, TABLES, decode, decode_as, table_of
from resolvers.loaders import OneByColumn, Pages
from resolvers.page import Page, PageArguments
from resolvers.validation import check_name
from schema.access import READABLE
from schema.connection import Connection
from schema.declarations import (
    ColumnField,
    ComputedField,
    Declaration,
    FindField,
    LoadedField,
    ManyField,
    OneField,
    PageField,
    SubjectField,
    ValueField,
)
from schema.filters import FILTER_COLUMNS
from schema.orders import read_order

Info = strawberry.Info[Context, None]

Id = Annotated[
    strawberry.ID,
    strawberry.argument(description="The object's id, as the API returned it."),
]
IdOrName = Annotated[
    strawberry.ID,
    strawberry.argument(description="The object's id, or the runtime's own name for it."),
]

NODE_TYPES: dict[Table, type[Any]] = {}
"""The GraphQL type that shows a table's rows."""

First = Annotated[
    int | None,
    strawberry.argument(
        description="The first n rows, after `after` if given. 0 to 200; 20 if neither is given."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="Only rows behind this cursor of the connection.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description="The last n rows, before `before` if given. 0 to 200."),
]
Before = Annotated[
    str | None, strawberry.argument(description="Only rows ahead of this cursor of the connection.")
]


def _position(column: InstrumentedAttribute[Any]) -> int:
    table = table_of(column.class_)
    return list(table.c).index(column.property.columns[0])


def _field(
    declaration: Declaration, resolver: Callable[..., Any], description: str, **metadata: Any
) -> Any:
    return strawberry.field(
        resolver=resolver,
        description=description,
        metadata={**READABLE, "declaration": declaration, **metadata},
    )


def given(argument: Any) -> Any:
    """Give an argument that may have been left out; None where it was."""
    return None if argument is strawberry.UNSET else argument


def column(attribute: InstrumentedAttribute[Any], description: str) -> Any:
    """Declare a column field."""
    position = _position(attribute)
    is_json = isinstance(attribute.property.columns[0].type, JSON)

    def resolve(root: Any) -> Any:
        value = root.row[position]
        return orjson.Fragment(value) if is_json and value is not None else value

    return _field(ColumnField(position, is_json), resolve, description)


def computed(
    *attributes: InstrumentedAttribute[Any], function: Callable[..., Any], description: str
) -> Any:
    """Declare a field computed from columns."""
    positions = tuple(_position(attribute) for attribute in attributes)

    def resolve(root: Any) -> Any:
        return function(*[root.row[position] for position in positions])

    return _field(ComputedField(positions, function), resolve, description)


def value(key: str, description: str, *, before: Any = None) -> Any:
    """Declare a plain value of a mutation's answer.

    `before` stands for it in the kept answers of releases that did not tell it.
    """

    def resolve(root: Any) -> Any:
        return root.row.get(key, before)

    return _field(ValueField(key, before), resolve, description)


def one(loader: OneByColumn, key: InstrumentedAttribute[Any] | str, description: str) -> Any:
    """Declare a link to one row, by a column of this row or a name in a mutation's answer."""
    declaration = OneField(loader, key if isinstance(key, str) else _position(key))
    read = itemgetter(declaration.key)

    async def resolve(root: Any, info: Info) -> Any:
        found = read(root.row)
        row = None if found is None else await info.context.load(loader, found)
        return None if row is None else NODE_TYPES[loader.table](row=row)

    return _field(declaration, resolve, description)


def many(loader: OneByColumn, key: str, description: str) -> Any:
    """Declare a list of rows, by ids in a mutation's answer."""

    async def resolve(root: Any, info: Info) -> Any:
        rows = await gather(*[info.context.load(loader, found) for found in root.row[key]])
        return [NODE_TYPES[loader.table](row=row) for row in rows if row is not None]

    return _field(ManyField(loader, key), resolve, description)


def read_filter_argument(table: Table, given: Mapping[str, Any] | None) -> Filter | None:
    """Read a filter of a table's rows by its names in Python. Raises `Invalid`."""
    return read_filter(given, FILTER_COLUMNS[table]) if given else None


def read_page_arguments(
    loader: Pages,
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002  the argument's name
    order_by: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> Page:
    """Read a connection's arguments by their names in Python. Raises `Invalid`."""
    cut = {name: given(value) for name, value in arguments.items()}
    order = read_order(order_by) if order_by else None
    wanted = read_filter_argument(loader.table, filter)
    return loader.page(PageArguments(**cut, order=order, filter=wanted))


def noun_argument(noun: str, suffix: str, description: str) -> Any:
    """Give the annotation of an optional argument whose type is made in a noun's module."""
    kind = Annotated[  # type: ignore[valid-type]
        f"{noun.title().replace('_', '')}{suffix}", strawberry.lazy(f"schema.{noun}")
    ]
    return Annotated[kind | None, strawberry.argument(description=description)]


def page(
    loader: Pages,
    key: InstrumentedAttribute[Any] | None,
    description: str,
    *,
    is_ordered: bool = True,
) -> Any:
    """Declare a connection to the rows that refer to this one by `key`; of the project if None.

    One that is not ordered by the client takes no `orderBy`.
    """
    declaration = PageField(loader, None if key is None else _position(key))

    async def resolve(  # noqa: PLR0917  Strawberry passes the parent by position
        root: Any,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Any = strawberry.UNSET,  # noqa: A002  the argument's name
        order_by: Any = strawberry.UNSET,
    ) -> Any:
        found = None if declaration.key is None else itemgetter(declaration.key)(root.row)
        given = {"first": first, "after": after, "last": last, "before": before}
        wanted = read_page_arguments(loader, **given, filter=filter, order_by=order_by)
        loaded = await info.context.load_page(loader, found, wanted)
        return Connection(
            loaded=loaded,
            page=wanted,
            loader=loader,
            key=found,
            node_type=NODE_TYPES[loader.table],
        )

    noun = PREFIXES[loader.table]
    for argument, suffix, text in (
        ("filter", "Filter", "Only rows that are like this."),
        ("order_by", "Order", "The order of the rows, instead of the connection's own."),
    ):
        resolve.__annotations__[argument] = noun_argument(noun, suffix, text)
    if not is_ordered:
        taken = dict(signature(resolve).parameters)
        del taken["order_by"], resolve.__annotations__["order_by"]
        resolve.__signature__ = Signature(list(taken.values()))  # type: ignore[attr-defined]  # Strawberry reads it
    return _field(declaration, resolve, description)


def subject(
    prefix: InstrumentedAttribute[Any], key: InstrumentedAttribute[Any], description: str
) -> Any:
    """Declare a link to a row of any noun, which two columns name."""
    declaration = SubjectField(_position(prefix), _position(key))

    async def resolve(root: Any, info: Info) -> Any:
        noun = root.row[declaration.prefix_position]
        return (
            await load_node(info.context, noun, root.row[declaration.id_position]) if noun else None
        )

    return _field(declaration, resolve, description)


async def load_node(context: Context, prefix: str, key: UUID) -> Any:
    """Load a row of any noun; None where it is not there or the noun is not shown."""
    table = TABLES[prefix]
    node_type = NODE_TYPES.get(table)
    row = None if node_type is None else await context.load(OneByColumn(table), key)
    return None if node_type is None or row is None else node_type(row=row)


def loaded(
    loader: Callable[..., Loader[Any]],
    key: InstrumentedAttribute[Any],
    description: str,
    *,
    show: Callable[[Any], Any] = lambda found: found,
    size: Callable[[Mapping[str, Any]], int] | None = None,
) -> Any:
    """Declare a field that a batch loader works out, such as figures over the rows below.

    `loader` makes the loader; its annotated parameters are the field's arguments. `show` turns
    what was loaded into what the field gives. `size` tells how many objects that can be, from the
    arguments as they stand in the document, unchecked; 1 if left out.
    """
    declaration = LoadedField(loader, _position(key), show)
    read = itemgetter(declaration.key)

    async def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        return show(await info.context.load(loader(**arguments), read(root.row)))

    given = [
        Parameter("root", Parameter.POSITIONAL_OR_KEYWORD, annotation=Any),
        Parameter("info", Parameter.POSITIONAL_OR_KEYWORD, annotation=Info),
        *signature(loader).parameters.values(),
    ]
    resolve.__signature__ = Signature(given)  # type: ignore[attr-defined]  # Strawberry reads it
    return _field(declaration, resolve, description, size=size)


def find(loader: OneByColumn, by_name: OneByColumn | None, description: str) -> Any:
    """Declare a root field that finds one row by `id`, or by the runtime's own name for it."""
    argument = Id if by_name is None else IdOrName

    async def resolve(info: Info, id: argument) -> Any:  # type: ignore[valid-type]  # noqa: A002
        if by_name is not None and decode(id) is None:
            check_name(id, "id")
            row = await info.context.load(by_name, id)
        else:
            row = await info.context.load(loader, decode_as(loader.table, id, "id"))
        return None if row is None else NODE_TYPES[loader.table](row=row)

    return _field(FindField(loader, by_name), resolve, description)
