"""Databases of the predecessors, which the real Prisma makes and fills with awkward data."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from tests.clients.programs import run as run_program
from tests.conftest import new_name, run
from tests.waiting import until

Row = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """A schema on a database; SQLite keeps times as numbers or as text."""

    schema: str
    provider: str
    is_mapped: bool = False
    timestamps: str = "unixepoch-ms"

    @property
    def name(self) -> str:
        """What a test's name has."""
        mapped = "-mapped" if self.is_mapped else ""
        return f"{self.schema}-{self.provider}{mapped}"


@dataclass(frozen=True)
class Source:
    """A filled database: its address, and what the program that filled it tells of it."""

    url: str
    report: dict[str, Any]

    def rows(self, model: str) -> list[Row]:
        """Give the rows of a model, refused ones too, with times as such."""
        return self._rows[model]

    def kept(self, model: str) -> list[Row]:
        """Give the rows of a model that must be moved over."""
        refused = self.refused(model)
        return [row for row in self.rows(model) if row["id"] not in refused]

    def refused(self, model: str) -> dict[str, str]:
        """Give why each row of a model that must be refused is."""
        remarks: dict[str, str] = self.report["models"][model]["remarks"]
        return {
            row: remark.removeprefix("refused: ")
            for row, remark in remarks.items()
            if remark.startswith("refused: ")
        }

    @property
    def models(self) -> list[str]:
        """The models that have a table."""
        return list(self.report["models"])

    @property
    def mapping(self) -> dict[str, Any] | None:
        """The names of tables and columns, if they are not the usual ones."""
        return self.report["mapping"] or None

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        return {
            model: [{name: _read(name, value) for name, value in row.items()} for row in rows]
            for model, rows in (
                (model, told["rows"]) for model, told in self.report["models"].items()
            )
        }


def _read(name: str, value: Any) -> Any:
    is_time = name.endswith("At") or name == "timestamp"
    return datetime.fromisoformat(value) if is_time and value is not None else value


@contextmanager
def filled(variant: Variant, folder: Path, servers: dict[str, URL]) -> Iterator[Source]:
    """Make and fill a database, on the server of its provider or in the folder."""
    with _database(variant.provider, folder, servers.get(variant.provider)) as url:
        task = {
            "schema": variant.schema,
            "provider": variant.provider,
            "url": url,
            "mapped": variant.is_mapped,
            "timestampFormat": variant.timestamps,
        }
        report = json.loads(run_program("prisma", "node", "fill.js", json.dumps(task)))
        # Prisma's spelling of SQLite's address, and SQLAlchemy's
        yield Source(url.replace("file:", "sqlite:///") if variant.is_mapped else url, report)


@contextmanager
def _database(provider: str, folder: Path, server: URL | None) -> Iterator[str]:
    if server is None:
        path = folder / "source.db"
        yield f"file:{path}"
        path.unlink()
        return
    name = new_name("test")
    asyncio.run(run(server, f"CREATE DATABASE {name}"))
    plain = server.set(drivername=provider, database=name)
    yield plain.render_as_string(hide_password=False)
    force = " WITH (FORCE)" if provider == "postgresql" else ""
    asyncio.run(run(server, f"DROP DATABASE {name}{force}"))


def has_mariadb() -> bool:
    """Tell whether MariaDB's server is installed."""
    return shutil.which("mariadbd") is not None


@contextmanager
def mariadb(folder: Path) -> Iterator[URL]:
    """Run a MariaDB on a folder, and give the address of its superuser."""
    data = folder / "data"
    owner = ("--user=root",) if os.geteuid() == 0 else ()
    make = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *owner]
    make += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(make, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--port={port}", *owner]
    command += ["--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", "--skip-name-resolve"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            asyncio.run(until(partial(_answers, port)))
            yield URL.create("mysql+asyncmy", "root", "", "127.0.0.1", port)
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
