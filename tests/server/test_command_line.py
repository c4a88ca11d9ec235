"""The command `sessiongraph` as an operator meets it; test_serve.py has the server itself."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.engine import URL

from tests.conftest import run

_COMMAND = Path(sys.executable).with_name("sessiongraph")
_ROOT = Path(__file__).parents[2]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A data directory that is not there yet, which the account of PostgreSQL can get to."""
    with tempfile.TemporaryDirectory(prefix="sessiongraph-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "store"


def _environment(**settings: object) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "SESSIONGRAPH" not in name}
    kept.pop("DATABASE_URL", None)
    return kept | {name: str(value) for name, value in settings.items()}


def _run(*arguments: str | Path, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_COMMAND, *arguments],
        env=_environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )


def _with(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _started(*arguments: str | Path, **settings: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [_COMMAND, *arguments], env=_environment(**settings), stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _is_running(directory: Path) -> bool:
    return (directory / "postgres" / "postmaster.pid").exists()


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_stops_in_good_order(directory: Path, asked: signal.Signals) -> None:
    with _started("serve", "--port", "0", SESSIONGRAPH_DATA_DIRECTORY=directory) as server:
        address = _address(server)
        # another command uses the running store, and leaves it running
        beside = _run("migrate", SESSIONGRAPH_DATA_DIRECTORY=directory)
        assert beside.returncode == 0, beside.stderr
        assert httpx2.get(f"{address}/readyz").status_code == 200
        server.send_signal(asked)
        assert server.wait() == 0
        assert not _is_running(directory)


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    for line in server.stderr:
        if line.startswith("Sessiongraph: "):
            return line.split()[-1]
    raise AssertionError(server.wait())


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["before", "behind"])
def shell(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whether a shell runs commands before it or behind it, where Ctrl-C is not for them."""
    earlier = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("shell")
def test_a_command_that_is_told_to_end_stops_the_store(directory: Path) -> None:
    lines = (
        f'{{"session_id": "{number}", "messages": [{{"role": "user", "content": "Hi"}}]}}\n'
        for number in range(20_000)
    )
    file = directory.parent / "transcripts.jsonl"
    file.write_text("".join(lines))
    with _started("import", file, SESSIONGRAPH_DATA_DIRECTORY=directory) as importing:
        assert importing.stderr is not None
        while "Migrating" not in importing.stderr.readline():
            assert importing.poll() is None
        importing.send_signal(signal.SIGTERM)
        assert importing.wait() == 130  # as for Ctrl-C
        assert not _is_running(directory)


def test_an_older_schema_is_migrated_when_that_is_asked_for(empty_database_url: URL) -> None:
    url = _with(empty_database_url)
    refused = _run("serve", "--insecure", "--port", "0", DATABASE_URL=url, SESSIONGRAPH_MIGRATE=0)
    assert refused.returncode == 1
    assert refused.stderr == (
        "sessiongraph: The database's schema is older than this release needs. "
        "Run `sessiongraph migrate` first.\n"
    )
    migrated = _run("migrate", DATABASE_URL=url)
    assert migrated.returncode == 0
    assert migrated.stderr == "Migrating the database\nThe database's schema is up to date.\n"
    again = _run("migrate", DATABASE_URL=url)
    assert again.stderr == "The database's schema is up to date.\n"


async def test_a_newer_schema_is_refused(database_url: URL) -> None:
    await run(database_url, "UPDATE alembic_version SET version_num = '9999'")
    refused = _run("migrate", DATABASE_URL=_with(database_url))
    assert refused.returncode == 1
    assert refused.stderr == (
        "sessiongraph: The database's schema is at revision 9999, which a newer release made. "
        "Run that release.\n"
    )


async def test_a_database_without_the_right_to_make_tables_is_one_line(
    empty_database_url: URL,
) -> None:
    role = f"role_{empty_database_url.database}"
    await run(empty_database_url, f"CREATE ROLE {role} LOGIN PASSWORD 'hidden'")
    url = empty_database_url.set(username=role, password="hidden")
    refused = _run("migrate", DATABASE_URL=_with(url))
    await run(empty_database_url, f"DROP ROLE {role}")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "sessiongraph: The migration failed and changed nothing: "
        "permission denied for schema public."
    )


def test_the_schema_is_printed_and_compared(directory: Path) -> None:
    printed = _run("schema")
    assert printed.returncode == 0
    directory.write_text(printed.stdout)
    assert _run("schema", "--check", directory).returncode == 0
    directory.write_text(printed.stdout + "#")
    refused = _run("schema", "--check", directory)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"sessiongraph: {directory} is not the schema of this code.")


def test_the_checkout_has_the_schema_that_is_served() -> None:
    assert _run("schema", "--check", _ROOT / "schema.graphql").returncode == 0


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--port", "70000"], ["import"]])
def test_wrong_usage_is_told_apart(arguments: list[str]) -> None:
    refused = _run(*arguments)
    assert refused.returncode == 2
    assert refused.stderr.startswith("Usage: ")


def test_a_data_directory_that_cannot_be_made_is_one_line(directory: Path) -> None:
    directory.write_text("")
    refused = _run("migrate", SESSIONGRAPH_DATA_DIRECTORY=directory / "store")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(
        f"sessiongraph: The data directory {directory}/store cannot be used (Not a directory"
    )
