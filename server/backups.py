"""Backups of the whole store in the custom format of PostgreSQL's `pg_dump`, and restoring them."""

import asyncio
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from migrations import runner
from server.client_programs import ClientPrograms, end
from server.operator_error import OperatorError

_CHUNK_BYTES = 256 * 1024
_NOT_OURS = ("--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces")
"""What belongs to the place where a database is, and not to what is in it."""
_RESTORED = ("--no-owner", "--no-privileges", *_NOT_OURS)
_REVISION = re.compile(
    rb"^COPY \S*alembic_version \(version_num\) FROM stdin;\n(\S+)\n", re.MULTILINE
)

# views first: they go with the tables that they read
_RELATIONS = text("""
    SELECT relkind::text AS kind, format('%I.%I', nspname, relname) AS name
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                AND deptype IN ('e', 'a', 'i')
        )
    ORDER BY relkind, relname
""")
_KINDS = {
    "r": "TABLE",
    "p": "TABLE",
    "v": "VIEW",
    "m": "MATERIALIZED VIEW",
    "S": "SEQUENCE",
    "f": "FOREIGN TABLE",
}
_OTHERS = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'sessiongraph'
        AND pid <> pg_backend_pid()
""")


async def write_backup(programs: ClientPrograms, path: Path) -> str:
    """Back up a database into a file, as it is at one moment; give the revision of its schema.

    The file appears when it is whole, and only its owner may read it. Raises `OperatorError`.
    """
    with _appearing(path) as partial:
        # into the file rather than a pipe, so that its table of contents tells where each part is
        await programs.run("pg_dump", "--format=custom", *_NOT_OURS, f"--file={partial}")
        return await read_revision(programs, partial)


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(".partial", f"{path.name}.", path.parent)
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


async def read_revision(programs: ClientPrograms, path: Path) -> str:
    """Give the revision of a backup's schema. Raises `OperatorError` if the file is no backup."""
    printed = await programs.run(
        "pg_restore", "--data-only", "--table=alembic_version", "--file=-", path
    )
    found = _REVISION.search(printed)
    if found is None:
        raise OperatorError("There is no store of Sessiongraph in it.")
    return found[1].decode()


async def count_relations(connection: AsyncConnection) -> int:
    """Count the tables, views and sequences that are in the way of a backup."""
    return len((await connection.execute(_RELATIONS)).all())


async def restore_backup(
    programs: ClientPrograms, engine: AsyncEngine, path: Path, *, replace: bool
) -> None:
    """Restore a backup into an empty database, or with `replace` in place of what is there.

    All of it is done or nothing, in one transaction. Raises `OperatorError`.
    """
    async with runner.alone(engine) as connection:
        relations = (await connection.execute(_RELATIONS)).all()
        if relations and not replace:
            raise OperatorError(
                "The database is not empty. Give --replace to put the backup in place of what is "
                "there."
            )
        if relations and await connection.scalar(_OTHERS):
            raise OperatorError("The database is in use by a server. Stop it first.")
        await connection.rollback()
        drops = [f"DROP {_KINDS[row.kind]} IF EXISTS {row.name} CASCADE" for row in relations]
        await _restore(programs, path, ["SET lock_timeout = '5s'", *drops])
        await connection.execute(text("ANALYZE"))
        await connection.commit()


async def _restore(programs: ClientPrograms, path: Path, before: list[str]) -> None:
    """Let `psql` run statements and then what `pg_restore` makes of a backup.

    `pg_restore` could only drop what the backup has, and a newer schema has more.
    """
    statements = [f"--command={statement}" for statement in before]
    reading = await programs.start("pg_restore", *_RESTORED, "--file=-", path)
    try:
        writing = await programs.start(
            "psql",
            "--no-psqlrc",
            "--quiet",
            f"--output={os.devnull}",
            "--set=ON_ERROR_STOP=1",
            "--single-transaction",
            *statements,
            "--file=-",
            given=subprocess.PIPE,
        )
        try:
            async with asyncio.TaskGroup() as group:
                read = group.create_task(_pass_on(reading, writing))
                written = group.create_task(_complaints(writing))
            await writing.wait()
        finally:
            await end(writing)
    finally:
        await end(reading)
    # one that fails ends the other, so the first reason is that of the one that did not read
    if read.result() is not None:
        raise programs.failure("pg_restore", read.result() or b"")
    if writing.returncode:
        raise programs.failure("psql", written.result())


async def _pass_on(
    reading: asyncio.subprocess.Process, writing: asyncio.subprocess.Process
) -> bytes | None:
    """Pass a program's output to another; give its complaints if it failed.

    The other is then killed, since the end of its input is what it would commit at.
    """
    assert reading.stdout is not None  # noqa: S101  we asked for the pipes
    assert writing.stdin is not None  # noqa: S101
    complaints = asyncio.create_task(_complaints(reading))
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, and says why
        while chunk := await reading.stdout.read(_CHUNK_BYTES):
            writing.stdin.write(chunk)
            await writing.stdin.drain()
        if await reading.wait():
            writing.kill()
            return await complaints
        writing.stdin.close()
        return None
    await end(reading)
    await complaints
    return None


async def _complaints(process: asyncio.subprocess.Process) -> bytes:
    assert process.stderr is not None  # noqa: S101  we asked for the pipe
    return await process.stderr.read()
