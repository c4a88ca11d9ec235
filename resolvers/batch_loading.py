"""What every batch loader is: one fetch for the keys of all parents of a level."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import ARRAY, Integer, Uuid, bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

Loaded = TypeVar("Loaded")

KEYS = bindparam("keys", type_=ARRAY(Uuid))
"""The ids of a level's parents, in a batch's statement."""
PROJECT = bindparam("project", type_=Integer)
"""The project, which every table of a batch's statement is held to."""


class Loader(Protocol[Loaded]):
    """Loads something for each key.

    Loaders are frozen dataclasses: equal ones share a batch, and their fields are its arguments.
    """

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[Any]
    ) -> list[Loaded]:
        """Give what was loaded for each key, in the keys' order."""
        ...

    def __hash__(self) -> int: ...
