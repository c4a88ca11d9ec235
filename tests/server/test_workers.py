"""`sessiongraph serve --workers N`: real processes on one port, some of which are killed."""

import re
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep

import httpx2
import psutil
import pytest
from sqlalchemy.engine import URL

from tests.server_process import COMMAND, READY_SECONDS, make_environment, serve

CREATE = 'mutation { createSession(input: {sessionId: "%s"}) { session { id } } }'
COUNT = {"query": "{ sessions { totalCount } }"}


@pytest.fixture
def embedded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a data directory of its own, which PostgreSQL's account can reach."""
    made = make_environment(tmp_path_factory.mktemp("workers"))
    return made | {"SESSIONGRAPH_LOG_LEVEL": "ERROR", "SESSIONGRAPH_INSECURE": "true"}


@pytest.fixture
def environment(embedded: dict[str, str], database_url: URL) -> dict[str, str]:
    """The same with a database that is there."""
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    return embedded | {"DATABASE_URL": url}


def _workers(parent: int) -> list[psutil.Process]:
    """Find the workers of a server."""
    children = psutil.Process(parent).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def _until(holds: Callable[[], bool]) -> None:
    """Wait until something is true of other processes, which tell nobody when it is."""
    deadline = monotonic() + READY_SECONDS
    while not holds():
        assert monotonic() < deadline
        sleep(0.02)


def _answering(address: str, parent: int) -> set[int]:
    """Ask over many connections at once, and tell which processes hold them."""
    port = int(address.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(32):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        return {
            worker.pid
            for worker in _workers(parent)
            for connection in worker.net_connections("tcp")
            if connection.status == psutil.CONN_ESTABLISHED and connection.laddr.port == port
        }


def _is_free(address: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(address.rpartition(":")[2])))
        except OSError:
            return False
        return True


def test_workers_share_the_work_and_outlive_one_another(environment: dict[str, str]) -> None:
    with serve(environment, "--workers", "3") as (process, address):
        first = {worker.pid for worker in _workers(process.pid)}
        assert len(first) == 3
        # 32 connections all go to one of three by a chance of 1 in 3 ** 31
        assert len(_answering(address, process.pid)) > 1
        _second_server_is_refused(environment, address)

        killed = psutil.Process(min(first))
        killed.kill()
        killed.wait(READY_SECONDS)  # until it is gone its socket takes connections
        for number in range(10):
            body = {"query": CREATE % number}
            answer = httpx2.post(f"{address}/graphql", json=body)
            assert answer.json()["data"]["createSession"] is not None
        _until(lambda: len(_workers(process.pid)) == 3)
        assert len(first & {worker.pid for worker in _workers(process.pid)}) == 2
        _until(lambda: len(_answering(address, process.pid) - first) == 1)
        assert httpx2.post(f"{address}/graphql", json=COUNT).json() == {
            "data": {"sessions": {"totalCount": 10}}
        }

        workers = _workers(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(READY_SECONDS) == 0
        assert not any(worker.is_running() for worker in workers)
        assert _is_free(address)


def _second_server_is_refused(environment: dict[str, str], address: str) -> None:
    port = address.rpartition(":")[2]
    refused = subprocess.run(
        [COMMAND, "serve", "--port", port, "--workers", "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert re.fullmatch(
        r"sessiongraph: Cannot listen on 127\.0\.0\.1:\d+ \(Address already in use\)\. .+\n",
        refused.stderr,
    )


def test_a_request_under_way_is_answered_before_the_end(environment: dict[str, str]) -> None:
    with serve(environment, "--workers", "2") as (process, address):
        body = b'{"query": "{ __typename }"}'
        head = b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head + b"content-length: %d\r\nexpect: 100-continue\r\n\r\n" % len(body))
            assert client.recv(1000).startswith(b"HTTP/1.1 100 ")  # it has begun
            process.send_signal(signal.SIGTERM)
            _until(lambda: _is_free(address))
            client.sendall(body)
            answer = b""
            while piece := client.recv(1000):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b'{"data":{"__typename":"Query"}}')
        assert process.wait(READY_SECONDS) == 0


def test_workers_end_with_a_killed_parent(embedded: dict[str, str]) -> None:
    with serve(embedded, "--workers", "2") as (process, address):
        workers = _workers(process.pid)
        process.kill()
        process.wait(READY_SECONDS)
        psutil.wait_procs(workers, READY_SECONDS)
        assert not any(worker.is_running() for worker in workers)
        assert _is_free(address)
    # the database was left running, and is found and used
    with serve(embedded, "--workers", "2") as (_, address):
        assert httpx2.get(f"{address}/readyz").json()["status"] == "ready"


FAILING = """
import os, pathlib, sys, time
starts = pathlib.Path(__file__).with_name("starts")
if starts.exists() and any("spawn_main" in argument for argument in sys.orig_argv):
    with starts.open("a") as file:
        file.write(f"{time.time()}\\n")
    os._exit(7)
"""


def _make_workers_fail(environment: dict[str, str], folder: Path) -> Path:
    """Let Python end at once in workers, from when the file is there; it lists their starts."""
    (folder / "sitecustomize.py").write_text(FAILING)
    environment["PYTHONPATH"] = str(folder)
    return folder / "starts"


def test_a_worker_that_keeps_ending_is_started_less_and_less_often(
    environment: dict[str, str], tmp_path: Path
) -> None:
    starts = _make_workers_fail(environment, tmp_path)
    with serve(environment, "--workers", "2") as (process, address):
        starts.touch()
        _workers(process.pid)[0].kill()
        _until(lambda: starts.read_text().count("\n") >= 3)
        assert httpx2.get(f"{address}/readyz").json()["status"] == "ready"
    first, second, third = map(float, starts.read_text().split()[:3])
    assert second - first > 0.9
    assert third - second > 2.9


def test_a_server_whose_workers_do_not_start_ends(
    environment: dict[str, str], tmp_path: Path
) -> None:
    _make_workers_fail(environment, tmp_path).touch()
    ended = subprocess.run(
        [COMMAND, "serve", "--port", "0", "--workers", "2"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "sessiongraph: A worker did not start; its log above says why."
    )


def _figures(address: str) -> dict[str, float]:
    text = httpx2.get(f"{address}/metrics").text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_any_worker_tells_the_figures_of_all(environment: dict[str, str], tmp_path: Path) -> None:
    counted = 'sessiongraph_operations_total{code="",kind="query",operation=""}'
    environment["TMPDIR"] = str(tmp_path)
    with serve(environment, "--workers", "2") as (process, address):
        for _ in range(20):
            httpx2.post(f"{address}/graphql", json=COUNT)
        # what another worker counted follows within a second
        _until(lambda: _figures(address).get(counted) == 20)
        for _ in range(8):  # each on a connection of its own, so by either
            figures = _figures(address)
            assert figures[counted] == figures["sessiongraph_statements_total"] == 20
            assert figures["sessiongraph_pool_size"] == 20
        first = _workers(process.pid)
        for killed in first:
            killed.kill()
        psutil.wait_procs(first, READY_SECONDS)
        _until(lambda: len(_workers(process.pid)) == 2)
        _until(lambda: _answers(address))
        httpx2.post(f"{address}/graphql", json=COUNT)
        _until(lambda: _figures(address).get(counted) == 21)
        _until(lambda: _figures(address).get("sessiongraph_pool_size") == 20)
        (folder,) = tmp_path.glob("sessiongraph-metrics-*")
        # a worker counts on where the one before it ended
        assert len(list(folder.glob("counter_*"))) == 2
    assert not folder.exists()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_metrics_have_a_port_of_their_own(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment["SESSIONGRAPH_METRICS_PORT"] = str(port)
    for workers in ("1", "2"):
        with serve(environment, "--workers", workers) as (_, address):
            assert "process_cpu_seconds_total" in _figures(f"http://127.0.0.1:{port}")
            assert httpx2.get(f"{address}/metrics").status_code == 404
            query = httpx2.post(f"http://127.0.0.1:{port}/graphql", json=COUNT)
            assert query.status_code == 404
    refused = subprocess.run(
        [COMMAND, "serve", "--port", str(port)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.stderr == (
        "sessiongraph: SESSIONGRAPH_METRICS_PORT must be another than that of the API.\n"
    )
