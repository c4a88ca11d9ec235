"""Subscriptions to the uses of memories."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry

from resolvers.following.memory_access import follow_memory_accesses
from resolvers.memory_access import MEMORY_ACCESS
from schema.fields import Info, given
from schema.references import MemoryAccessLink
from schema.scalars import BigInt
from schema.subscriptions.declaration import following, shown_node


@strawberry.type
class MemoryAccessSubscription:
    """What follows the uses of memories."""

    @following(
        shown_node(MEMORY_ACCESS, "memory_access"),
        "The uses of a memory, as they are recorded; ends when the memory is deleted.",
    )
    async def memory_accesses(
        self,
        info: Info,
        memory: Annotated[
            strawberry.ID, strawberry.argument(description="The memory: its id or `memoryId`.")
        ],
        after: Annotated[
            BigInt | None,
            strawberry.argument(
                description="The `sequence` of the last use seen, 0 for all: what came behind it "
                "is given first. Only new ones if left out."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[MemoryAccessLink, None]:
        """Follow."""
        accesses: AsyncGenerator[Any, None] = await follow_memory_accesses(
            info.context, memory=memory, after=given(after)
        )
        return accesses
