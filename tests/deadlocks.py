"""Deadlocks, which the retries of `resolvers.transaction` hide from clients."""

import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


async def count_deadlocks(engine: AsyncEngine) -> int:
    """Count the deadlocks that PostgreSQL has found in the database so far.

    A connection tells its figures at its end, so all must end: those of this engine are closed
    here, those of a server with its process.
    """
    await engine.dispose()
    async with engine.connect() as connection:
        for _ in range(1000):
            # figures are otherwise those of the transaction's first look
            await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
            found = await connection.execute(
                text(
                    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname ="
                    " current_database() AND pid <> pg_backend_pid()), deadlocks"
                    " FROM pg_stat_database WHERE datname = current_database()"
                )
            )
            others, deadlocks = found.one()
            if not others:
                return int(deadlocks)
            await asyncio.sleep(0.01)
    raise TimeoutError
