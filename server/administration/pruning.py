"""Prunes a project: trees of sessions in which nothing has happened for long go, batch by batch.

Each batch is a transaction of its own, and rests follow it in proportion to the time that it took,
so that writers hardly notice. Interrupted, it goes on where it was when it is run again.
"""

from asyncio import sleep
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from resolvers.context import Context
from resolvers.duty import Duty
from resolvers.pooled_connection import connect
from resolvers.pruning import KeepUntil, Place, Tree, look, prune_trees
from resolvers.row_slices import slices
from resolvers.transaction import record

BATCH_ROWS = 1_000
"""About how many rows go at once, unless they are of one tree."""
_PAUSE_SECONDS = 0.2
"""Between two attempts while another process prunes."""

KeepFor = Mapping[str, timedelta]
"""By the status of a root, for how long its tree is kept after the last activity in it."""


class PruningElsewhereError(Exception):
    """Another process prunes at this moment."""


@dataclass(frozen=True, slots=True)
class Prunable:
    """What would go."""

    trees: int
    sessions: int
    messages: int
    oldest: datetime | None
    """The least recent last activity in a tree; None where there is none."""
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Pruned:
    """What has gone."""

    trees: int = 0
    sessions: int = 0
    messages: int = 0

    def __add__(self, other: "Pruned") -> "Pruned":
        """Add up."""
        return Pruned(
            self.trees + other.trees,
            self.sessions + other.sessions,
            self.messages + other.messages,
        )


async def count_prunable(context: Context, keep_for: KeepFor) -> Prunable:
    """Count what `prune` would delete now. Nothing is written."""
    trees = sessions = messages = 0
    oldest = newest = None
    async for found in _find(context, keep_for):
        trees += len(found.trees)
        for tree in found.trees:
            sessions += tree.sessions
            messages += tree.messages
            oldest = min(oldest or tree.last_activity_at, tree.last_activity_at)
            newest = max(newest or tree.last_activity_at, tree.last_activity_at)
    return Prunable(trees, sessions, messages, oldest, newest)


async def prune(
    context: Context, keep_for: KeepFor, *, duty: Duty, in_turn: bool
) -> AsyncIterator[Pruned]:
    """Prune a project, and tell of each batch when it is committed.

    One process prunes at a time: where another does, this waits its turn, or raises
    `PruningElsewhereError` if it is not to be `in_turn`.
    """
    async for found in _find(context, keep_for):
        for batch in slices(found.trees, BATCH_ROWS):
            roots = [tree.root_id for tree in batch]
            given = {"roots": roots, "until": found.until, "duty": duty}
            while True:
                answer = await record(context, "prune", prune_trees, given)
                if answer["is_alone"]:
                    break
                if not in_turn:
                    raise PruningElsewhereError
                await sleep(_PAUSE_SECONDS)
            if answer["trees"]:
                yield Pruned(answer["trees"], answer["sessions"], answer["messages"])
            await duty.rest()


@dataclass(frozen=True, slots=True)
class _Found:
    trees: list[Tree]
    until: KeepUntil


async def _find(context: Context, keep_for: KeepFor) -> AsyncIterator[_Found]:
    """Find the trees that are due, some at a time, each looked at once."""
    async with connect(context.engine) as connection:
        now = (await connection.execute(select(func.now()))).scalar_one()
    until = {status: now - duration for status, duration in keep_for.items()}
    place: Place | None = None
    while True:
        async with connect(context.engine) as connection:
            found = await look(connection, context.project_id, until, place)
        yield _Found(found.trees, until)
        if found.place is None:
            return
        place = found.place
