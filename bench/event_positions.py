"""What the positions of events cost whoever writes them (decision 0019).

    python -m bench.event_positions

Records messages by the server's own functions over one connection, in turns with the position and
its two indexes and without: then the position is a constant. What is told is what PostgreSQL's
process uses, since this process does the same in both.
"""

import asyncio
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import psutil
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bench.store import temporary_environment
from resolvers.context import Context
from resolvers.message import record_message
from resolvers.session import create_session
from resolvers.transaction import record
from server.database import create_engine
from server.embedded_postgres import embedded_postgres
from server.settings import Settings
from tests.server_process import serve

SESSIONS = 50
MESSAGES = 4_000
ROUNDS = 5
_INDEXES = (
    "ix_session_events__project_id_root_id_position",
    "ix_session_events__project_id_position",
)
_DEFAULT = "ALTER TABLE session_events ALTER COLUMN position SET DEFAULT"


async def measure(engine: AsyncEngine) -> tuple[float, float]:
    """Give microseconds of PostgreSQL's process and bytes of write-ahead log a message."""
    context = Context(engine, 1)
    before, written_before = await _used(engine)
    for session in islice(cycle(range(SESSIONS)), MESSAGES):
        values = {"session": str(session), "role": "USER", "content": "Where is my parcel?"}
        await record(context, "recordMessage", record_message, values)
    after, written_after = await _used(engine)
    return (after - before) / MESSAGES * 1e6, (written_after - written_before) / MESSAGES


async def _used(engine: AsyncEngine) -> tuple[float, float]:
    """Give the seconds that the one connection's process used, and the bytes that were logged."""
    async with engine.connect() as connection:
        question = text("SELECT pg_backend_pid(), pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        pid, written = (await connection.execute(question)).one()
    return sum(psutil.Process(pid).cpu_times()[:2]), float(written)


async def main(url: URL) -> None:
    """Measure with and without, in turns."""
    engine = create_engine(Settings(pool_size=1), url)
    for session in range(SESSIONS):
        given = {"session_id": str(session)}
        await record(Context(engine, 1), "createSession", create_session, given)
    async with engine.begin() as connection:
        definitions = await _definitions(connection)
    ratios = []
    print(f"{'position':10} {'us/message':>10} {'WAL bytes':>10}")
    for _ in range(ROUNDS):
        having = await measure(engine)
        print(f"{'with':10} {having[0]:10.0f} {having[1]:10.0f}")
        await _run(engine, [*(f"DROP INDEX {name}" for name in _INDEXES), f"{_DEFAULT} 0"])
        lacking = await measure(engine)
        print(f"{'without':10} {lacking[0]:10.0f} {lacking[1]:10.0f}")
        await _run(engine, [*definitions, f"{_DEFAULT} nextval('session_event_positions')"])
        ratios.append(having[0] / lacking[0])
    print(f"with / without: {median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    await engine.dispose()


async def _definitions(connection: AsyncConnection) -> list[str]:
    question = text("SELECT indexdef FROM pg_indexes WHERE indexname = ANY(:names)")
    return list((await connection.scalars(question, {"names": list(_INDEXES)})).all())


async def _run(engine: AsyncEngine, statements: list[str]) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


if __name__ == "__main__":
    with temporary_environment() as environment:
        with serve(environment):
            pass  # which migrates the store
        with embedded_postgres(Path(environment["SESSIONGRAPH_DATA_DIRECTORY"])) as url:
            asyncio.run(main(url))
