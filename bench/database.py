"""The database that all servers of a load test read: filled once, kept for the next run."""

import asyncio
import fcntl
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL

from bench.fill import SESSIONS, digest, fill
from server.embedded_postgres import embedded_postgres
from tests.server_process import COMMAND

ROOT = Path(__file__).resolve().parent.parent
_FUNCTION = ROOT / "bench" / "peers" / "postgraphile" / "record_memory_access.sql"
_PARAMETERS = {
    "shared_buffers": "1GB",
    "fsync": "off",  # the servers are measured, not the disk
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "max_connections": "300",
}


@contextmanager
def open_database(scale: float) -> Iterator[URL]:
    """Run PostgreSQL with the content of a scale, and give its address.

    It is kept in the folder for temporary files, one for each scale and working copy.
    """
    sessions = max(10, round(SESSIONS * scale / 10) * 10)
    copy = sha256(os.fsencode(ROOT)).hexdigest()[:8]
    folder = Path(tempfile.gettempdir()) / f"sessiongraph-bench-{copy}-{sessions}"
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "bench.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"Another load test runs on {folder}.") from None
        with embedded_postgres(folder, _PARAMETERS) as url:
            marker = folder / "filled"
            if marker.exists() and marker.read_text() == digest(sessions):
                asyncio.run(_remove_written(url))
            else:
                marker.unlink(missing_ok=True)
                asyncio.run(_empty(url))
                environment = os.environ | {"DATABASE_URL": address(url)}
                subprocess.run([COMMAND, "migrate"], env=environment, check=True)
                asyncio.run(_fill(url, sessions))
                marker.write_text(digest(sessions))
            asyncio.run(_make_function(url))
            yield url


def address(url: URL) -> str:
    """Write the database's address in full."""
    return url.render_as_string(hide_password=False)


@asynccontextmanager
async def connection_to(url: URL) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Give a connection of our own."""
    connection = await asyncpg.connect(address(url))
    try:
        yield connection
    finally:
        await connection.close()


async def _remove_written(url: URL) -> None:
    """Remove what the writes of earlier runs left."""
    async with connection_to(url) as connection:
        await connection.execute("DELETE FROM memory_accesses WHERE accessed_by = 'bench'")
        for table in ("memories", "memory_accesses"):
            await connection.execute(f"VACUUM ANALYZE {table}")


async def _make_function(url: URL) -> None:
    """Make the function that a peer has for its mutation."""
    async with connection_to(url) as connection:
        await connection.execute(_FUNCTION.read_text())


async def _empty(url: URL) -> None:
    async with connection_to(url) as connection:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def _fill(url: URL, sessions: int) -> None:
    async with connection_to(url) as connection:
        await fill(connection, sessions)
