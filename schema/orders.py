"""The `orderBy` of connections: the fields of a node that its rows can be ordered by.

A noun's module calls `order_type`, and a connection refers to what it made by name
(`schema.session.SessionOrder`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition

from resolvers.page import Order
from schema.enums import describe


class OrderDirection(StrEnum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


describe(
    OrderDirection,
    "Which end of an order comes first. A null counts as the least value.",
    ASC="The least first: the oldest, the smallest, the nulls.",
    DESC="The greatest first: the newest, the largest; the nulls last.",
)


def order_type(node: type[Any], *names: str) -> type[Any]:
    """Make the `orderBy` of a node's connections: its name is the node's with `Order`.

    `names` are the fields to order by, each a column.
    """
    noun = get_object_definition(node, strict=True).name
    descriptions = {
        declared.python_name: declared.description or ""
        for declared in get_object_definition(node, strict=True).fields
    }
    values = {name.upper(): name for name in names}
    fields: Any = StrEnum(f"{noun}OrderField", values)  # type: ignore[misc]  # made at run time
    described = {name.upper(): descriptions[name] for name in names}
    describe(fields, f"What the rows of a connection of {noun} can be ordered by.", **described)
    body = {
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "field": strawberry.field(description="What to order by."),
        "direction": strawberry.field(
            default=OrderDirection.ASC, description="Which end comes first."
        ),
    }
    made = type(f"{noun}Order", (), body)
    return strawberry.input(
        made,
        name=f"{noun}Order",
        description="An order of rows; rows that are alike in it stand in the order of their ids.",
    )


def read_order(given: Mapping[str, Any]) -> Order:
    """Read an `orderBy`: ids stand behind its column, so that every row has its place."""
    return Order((given["field"].value, "id"), given["direction"] is OrderDirection.DESC)
