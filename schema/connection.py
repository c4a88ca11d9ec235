"""Connections: pages of nodes with cursors (https://relay.dev/graphql/connections.htm)."""

from typing import Any, Generic, TypeVar
from uuid import UUID

import strawberry

from resolvers.context import Context
from resolvers.loaders import Pages
from resolvers.page import Page, PageRows
from schema.access import READABLE
from schema.method import method

NodeType = TypeVar("NodeType")


@strawberry.type(description="Where a page stands in its connection.")
class PageInfo:
    """The Relay page information."""

    has_next_page: bool = strawberry.field(
        description="Forward: whether rows follow. Backward: whether `before` was given.",
        metadata=READABLE,
    )
    has_previous_page: bool = strawberry.field(
        description="Backward: whether rows precede. Forward: whether `after` was given.",
        metadata=READABLE,
    )
    start_cursor: str | None = strawberry.field(
        description="The first row's cursor; null if the page is empty.",
        metadata=READABLE,
    )
    end_cursor: str | None = strawberry.field(
        description="The last row's cursor; null if the page is empty.",
        metadata=READABLE,
    )


@strawberry.type(description="A node of a connection with its cursor.")
class Edge(Generic[NodeType]):
    """The Relay edge."""

    cursor: str = strawberry.field(
        description="Marks this row in the connection; give it as `after` or `before`.",
        metadata=READABLE,
    )
    node: NodeType = strawberry.field(description="The row itself.", metadata=READABLE)


@strawberry.type(description="A page of a connection.")
class Connection(Generic[NodeType]):
    """The Relay connection, over a loaded page."""

    loaded: strawberry.Private[PageRows]
    page: strawberry.Private[Page]
    loader: strawberry.Private[Pages]
    key: strawberry.Private[UUID | None]
    node_type: strawberry.Private[type[Any]]

    @method("The rows of the page with their cursors.")
    def edges(self) -> list[Edge[NodeType]]:
        """Wrap each row with its cursor."""
        return [
            Edge(cursor=self.page.cursor(row), node=self.node_type(row=row))
            for row in self.loaded.rows
        ]

    @method("The rows of the page without cursors.")
    def nodes(self) -> list[NodeType]:
        """Wrap each row."""
        return [self.node_type(row=row) for row in self.loaded.rows]

    @method("Where the page stands.")
    def page_info(self) -> PageInfo:
        """Tell the page's ends."""
        rows = self.loaded.rows
        return PageInfo(
            has_next_page=self.loaded.has_next,
            has_previous_page=self.loaded.has_previous,
            start_cursor=self.page.cursor(rows[0]) if rows else None,
            end_cursor=self.page.cursor(rows[-1]) if rows else None,
        )

    @method("How many rows that the filter finds all pages have; counted when asked for.")
    async def total_count(self, info: strawberry.Info[Context, None]) -> int:
        """Count by one statement for all connections of the level."""
        return await info.context.count(self.loader, self.key, self.page.filter)
