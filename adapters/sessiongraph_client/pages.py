"""Reading a connection in pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from sessiongraph_client.errors import Limited

PAGE = 200
"""The most nodes that the server gives at once, and the most values that `in` takes."""
_SMALLER = 8


async def read_pages(
    read: Callable[[int, str | None], Awaitable[Mapping[str, Any] | None]],
    *,
    most: int | None = None,
    backwards: bool = False,
) -> AsyncIterator[list[Any]]:
    """Give a connection's nodes page by page, `most` of them in all, or all if it is None.

    `read(size, cursor)` reads up to `size` nodes after a cursor (`first`, `after`), or before it if
    `backwards` (`last`, `before`), and gives the connection with its `nodes` and `pageInfo`; None
    where there is none, which ends the pages. Where the server refuses an answer as too large, the
    page is read again with fewer nodes; raises `Limited` where one alone is too large.
    """
    has_more, end = (
        ("hasPreviousPage", "startCursor") if backwards else ("hasNextPage", "endCursor")
    )
    size, cursor, given = PAGE, None, 0
    while most is None or given < most:
        wanted = size if most is None else min(size, most - given)
        try:
            found = await read(wanted, cursor)
        except Limited as error:
            if wanted == 1 or "retryAfterSeconds" in error.extensions:
                raise
            size = max(1, wanted // _SMALLER)
            continue
        if found is None:
            return
        yield found["nodes"]
        given += len(found["nodes"])
        if not found["pageInfo"][has_more]:
            return
        cursor, size = found["pageInfo"][end], min(PAGE, 2 * size)
