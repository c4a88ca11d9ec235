"""Up to which position nothing can appear any more.

Events take their positions when they are written, and show when their transaction commits: one
that commits late shows behind others that a reader has passed. So a reader passes no position
until the transactions that might have taken a lower one have ended. Who writes events holds a lock
on their table until then, which `pg_locks` shows; other transactions hold up nobody, and neither
do those that prune.
"""

from asyncio import Task, create_task, sleep, wait

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.abandoned_work import abandon
from resolvers.compiled_statement import compile_statement
from resolvers.database_transaction import DatabaseTransaction

_PATIENCE_SECONDS = 1.0
"""How long a position is waited for; then the one before it will do, while the look goes on."""
_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05

DELETION_LOCK = (1_936_812_409, 1)
"""The keys of the advisory lock of a transaction that only deletes events, and takes no position:
it may last longer than others, and nobody waits for its end. One has it at a time."""

_LAST_POSITION = compile_statement(
    text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM session_event_positions")
)
_WRITERS = compile_statement(
    text(f"""
        SELECT virtualtransaction FROM pg_locks
        WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND granted AND (
                locktype = 'relation' AND relation = 'session_events'::regclass
                    AND mode = 'RowExclusiveLock'
                OR locktype = 'advisory' AND classid = {DELETION_LOCK[0]}
                    AND objid = {DELETION_LOCK[1]} AND objsubid = 2
            )
        GROUP BY virtualtransaction HAVING bool_and(locktype = 'relation')
    """)  # noqa: S608  of constants
)


class SettledPositions:
    """Finds the settled position of one database, for many readers at once."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._settled = 0
        self._looking: Task[int] | None = None
        self._next: Task[int] | None = None

    async def last(self) -> int:
        """Give the last position that was taken; 0 before the first."""
        async with DatabaseTransaction(self._engine) as transaction:
            ((last,),) = await transaction.fetch(_LAST_POSITION, {})
        reached: int = last
        return reached

    async def settled(self) -> int:
        """Give a settled position: all that was committed before the call is up to it.

        A lower one where writers take longer than a second. Those who ask at the same time share
        a look. Raises the driver's errors.
        """
        if self._next is None:
            self._next = create_task(self._look_after(self._looking))
            abandon(self._next)  # who waits may go
        look = self._next
        await wait({look}, timeout=_PATIENCE_SECONDS)
        return look.result() if look.done() else self._settled

    async def _look_after(self, earlier: Task[int] | None) -> int:
        """Look anew when an earlier look, which began before it was asked, has ended."""
        if earlier is not None:
            await wait({earlier})
        self._looking, self._next = self._next, None
        self._settled = await self._look()
        return self._settled

    async def _look(self) -> int:
        """Give the last position when all who write at this moment have ended.

        However long they take, and whoever begins meanwhile: so it ends where some always write.
        """
        reached = await self.last()
        writers, pause = await self._writers(), _FIRST_PAUSE_SECONDS
        while writers:
            await sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            writers &= await self._writers()
        return reached

    async def _writers(self) -> set[str]:
        async with DatabaseTransaction(self._engine) as transaction:
            return {row[0] for row in await transaction.fetch(_WRITERS, {})}
