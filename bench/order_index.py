"""What an index on a column that every message changes costs the message's update of its session.

    python -m bench.order_index

Updates a migrated store's sessions as `recordMessage` does, with and without the index behind
`orderBy: {field: LAST_ACTIVITY_AT}`: with it, no update can stay in its page (heap-only).
"""

import asyncio
from pathlib import Path
from time import perf_counter

import asyncpg

from bench.store import temporary_environment
from server.embedded_postgres import embedded_postgres
from tests.server_process import serve

SESSIONS = 20_000
UPDATES = 10_000
INDEX = "ix_sessions__order_by_last_activity_at"
_FILL = """INSERT INTO sessions (project_id, id, root_id, session_id, tags, metadata, input_hash)
    SELECT 1, id, id, id::text, '{a,b}', '{"channel": "web", "tier": 3}', ''
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, $1)) s"""
_UPDATE = """UPDATE sessions SET event_sequence = event_sequence + 1,
    message_count = message_count + 1, last_activity_at = now() WHERE project_id = 1 AND id = $1"""


async def measure(connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[float, float]:
    """Give microseconds and bytes of write-ahead log an update."""
    rows = await connection.fetch(f"SELECT id FROM sessions ORDER BY random() LIMIT {UPDATES}")
    await connection.execute("VACUUM ANALYZE sessions")
    statement = await connection.prepare(_UPDATE)
    before = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
    started = perf_counter()
    for row in rows:
        await statement.fetch(row["id"])
    seconds = perf_counter() - started
    written = await connection.fetchval(
        "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)", before
    )
    return seconds / UPDATES * 1e6, float(written) / UPDATES


async def main(socket: str, user: str, database: str) -> None:
    """Measure with and without the index, in turns."""
    connection = await asyncpg.connect(host=socket, user=user, database=database)
    await connection.execute("SET synchronous_commit = off")
    await connection.execute(_FILL, SESSIONS)
    definition = await connection.fetchval(
        "SELECT indexdef FROM pg_indexes WHERE indexname = $1", INDEX
    )
    print(f"{'index':10} {'us/update':>10} {'WAL bytes':>10}")
    for _ in range(3):
        microseconds, written = await measure(connection)
        print(f"{'with':10} {microseconds:10.0f} {written:10.0f}")
        await connection.execute(f"DROP INDEX {INDEX}")
        microseconds, written = await measure(connection)
        print(f"{'without':10} {microseconds:10.0f} {written:10.0f}")
        await connection.execute(definition)
    await connection.close()


if __name__ == "__main__":
    with temporary_environment() as environment:
        with serve(environment):
            pass  # which migrates the store
        with embedded_postgres(Path(environment["SESSIONGRAPH_DATA_DIRECTORY"])) as url:
            asyncio.run(main(str(url.query["host"]), url.username or "", url.database or ""))
