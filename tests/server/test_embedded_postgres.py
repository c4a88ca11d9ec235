import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from sqlalchemy.engine import URL

from server.embedded_postgres import embedded_postgres, exclusive
from server.operator_error import OperatorError

_HOLD = """
import sys
from pathlib import Path
from server import embedded_postgres
with getattr(embedded_postgres, sys.argv[1])(Path(sys.argv[2])):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that is not there yet, which the account that PostgreSQL runs as can get to."""
    with tempfile.TemporaryDirectory(prefix="sessiongraph-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "store"


def test_a_store_is_made_and_its_data_kept(directory: Path) -> None:
    with embedded_postgres(directory) as url:
        _ask(url, "CREATE TABLE kept AS SELECT 1 AS number")
    assert _process(directory) is None
    with embedded_postgres(directory) as url:
        assert _ask(url, "SELECT number FROM kept") == 1


def test_nothing_that_was_acknowledged_can_be_lost(directory: Path) -> None:
    with embedded_postgres(directory) as url:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert _ask(url, f"SHOW {name}") == "on"


def test_a_server_is_started_with_the_parameters_given(directory: Path) -> None:
    with embedded_postgres(directory, {"fsync": "off"}) as url:
        assert _ask(url, "SHOW fsync") == "off"
        assert _ask(url, "SHOW jit") == "off"


def test_processes_share_a_server_and_the_last_one_stops_it(directory: Path) -> None:
    with _holder("embedded_postgres", directory) as other:
        server = _process(directory)
        with embedded_postgres(directory) as url:
            assert _process(directory) == server
        assert _ask(url, "SELECT 1") == 1
        _leave(other)
    assert _process(directory) is None


def test_several_that_start_at_once_share_one_server(directory: Path) -> None:
    started = [_start("embedded_postgres", directory) for _ in range(4)]
    for process in started:
        assert _is_ready(process)
    assert _process(directory) is not None
    for process in started:
        _leave(process)
    assert _process(directory) is None


def test_a_server_that_outlived_a_killed_process_is_used_and_stopped(directory: Path) -> None:
    with _holder("embedded_postgres", directory) as killed:
        killed.kill()
    server = _process(directory)
    assert server is not None
    with embedded_postgres(directory) as url:
        assert _process(directory) == server
        assert _ask(url, "SELECT 1") == 1
    assert _process(directory) is None


def test_a_killed_server_recovers(directory: Path) -> None:
    with _holder("embedded_postgres", directory) as killed:
        server = _process(directory)
        assert server is not None
        os.kill(server, signal.SIGKILL)
        killed.kill()
    with embedded_postgres(directory) as url:
        assert _ask(url, "SELECT 1") == 1
        assert _process(directory) != server


def test_a_number_that_a_crash_left_may_be_another_process_now(directory: Path) -> None:
    with embedded_postgres(directory):
        left = (directory / "postgres" / "postmaster.pid").read_text().splitlines()
    process = subprocess.Popen(["sleep", "60"], user=_owner(directory))
    left[0] = str(process.pid)
    (directory / "postgres" / "postmaster.pid").write_text("\n".join(left))
    with process:
        with embedded_postgres(directory) as url:
            assert _ask(url, "SELECT 1") == 1
        assert process.poll() is None
        process.kill()


def test_a_store_whose_making_was_broken_off_is_made_anew(directory: Path) -> None:
    maker = _start("embedded_postgres", directory)
    while not list(directory.glob("creating-*/*")):
        assert maker.poll() is None
    with maker:
        maker.kill()
    with embedded_postgres(directory) as url:
        assert _ask(url, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["a b", "it's; here", "x" * 120])
def test_a_directory_may_have_any_usual_name(directory: Path, name: str) -> None:
    with embedded_postgres(directory / name) as url:
        assert _ask(url, "SELECT 1") == 1


def test_a_name_that_postgresql_cannot_be_started_with_is_refused(directory: Path) -> None:
    with (
        pytest.raises(OperatorError, match="has one of the characters"),
        embedded_postgres(directory / "$x"),
    ):
        pass


def test_a_file_is_no_directory(directory: Path) -> None:
    directory.write_text("")
    with (
        pytest.raises(OperatorError, match=r"cannot be used \(File exists"),
        embedded_postgres(directory),
    ):
        pass


def test_the_directory_of_another_user_is_refused(directory: Path) -> None:
    directory.mkdir()
    if os.geteuid() == 0:
        os.chown(directory, 12345, 12345)
    else:
        directory = Path("/usr")
    with (
        pytest.raises(OperatorError, match="belongs to another user"),
        embedded_postgres(directory),
    ):
        pass


def test_a_server_that_does_not_start_says_why(directory: Path) -> None:
    with embedded_postgres(directory):
        pass
    configuration = directory / "postgres" / "postgresql.conf"
    with configuration.open("a") as file:
        file.write("shared_buffers = 1\nnonsense = 2\n")
    with (
        pytest.raises(OperatorError, match=r"did not start: .*contains errors"),
        embedded_postgres(directory),
    ):
        pass


def test_one_process_serves_a_directory(directory: Path) -> None:
    with _holder("exclusive", directory) as holder:
        with pytest.raises(OperatorError, match=rf"in use by a server \(process {holder.pid}\)"):
            exclusive(directory).__enter__()
        holder.kill()
    with exclusive(directory):
        pass


def _ask(url: URL, query: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url.render_as_string())
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _process(directory: Path) -> int | None:
    """The process of the server that runs, by the file that it takes away at its end."""
    try:
        return int((directory / "postgres" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


def _is_alive(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _owner(directory: Path) -> int:
    return (directory / "postgres").stat().st_uid


def _start(what: str, directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, what, directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def _is_ready(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "ready\n"


@contextmanager
def _holder(what: str, directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the directory."""
    with _start(what, directory) as process:
        assert _is_ready(process)
        yield process


def _leave(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0
