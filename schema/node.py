"""Nodes: everything with an id of its own (https://relay.dev/graphql/objectidentification.htm)."""

from asyncio import gather
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform

import strawberry
from sqlalchemy import Row

from resolvers.errors import Invalid
from resolvers.identifiers import PREFIXES, decode, encode, table_of
from resolvers.page import MAXIMUM_PAGE_SIZE
from schema.declarations import IdentityField, NodesField
from schema.fields import NODE_TYPES, Id, Info, column, computed, load_node, one, page
from schema.method import method

Type = TypeVar("Type")


@strawberry.interface(description="An object with an id that is unique in the whole world.")
class Node:
    """What `node(id)` finds: a row and the prefix of its id."""

    row: strawberry.Private[Row[Any]]
    prefix: ClassVar[str]

    @method(
        "The id: the noun and a UUIDv7, so that ids sort by the time they were made.",
        declaration=IdentityField(),
    )
    def id(self) -> strawberry.ID:
        """Write the row's UUID as a TypeID."""
        return strawberry.ID(encode(self.prefix, self.row.id))


@dataclass_transform(kw_only_default=True, field_specifiers=(column, computed, one, page))
def node_type(model: type[Any], description: str) -> Callable[[type[Type]], type[Type]]:
    """Declare the GraphQL type that shows a model's rows."""

    def declare(cls: type[Type]) -> type[Type]:
        cls.prefix = PREFIXES[table_of(model)]  # type: ignore[attr-defined]
        declared = strawberry.type(cls, description=description)
        NODE_TYPES[table_of(model)] = declared
        return declared

    return declare


@strawberry.type
class NodeQuery:
    """The roots of the graph that find any node by its id."""

    @method(
        "Any object by its id; null where there is none, or none of this project.",
        declaration=NodesField(is_list=False),
    )
    async def node(self, info: Info, id: Id) -> Node | None:  # noqa: A002
        """Find a node."""
        found: Node | None = await _load(info, id, "id")
        return found

    @method(
        "Any objects by their ids, in the order of the ids; null for each not found.",
        declaration=NodesField(is_list=True),
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 200 ids.")],
    ) -> list[Node | None]:
        """Find nodes."""
        if len(ids) > MAXIMUM_PAGE_SIZE:
            raise Invalid(f"Give at most {MAXIMUM_PAGE_SIZE} ids.", field="ids")
        found = [_load(info, id_, f"ids.{index}") for index, id_ in enumerate(ids)]
        return list(await gather(*found))


async def _load(info: Info, node_id: str, field: str) -> Any:
    decoded = decode(node_id)
    if decoded is None:
        raise Invalid("Not an id; give one that the API returned.", field=field)
    return await load_node(info.context, *decoded)
