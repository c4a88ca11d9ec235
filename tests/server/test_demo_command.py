"""`sessiongraph demo --serve`: a sample history, and a server that shows it."""

import signal
import subprocess

import httpx2
import pytest

from tests.server_process import COMMAND, READY_SECONDS, make_environment, serve_demo


def test_a_fill_goes_on_and_is_served(tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = make_environment(tmp_path_factory.mktemp("demo"))
    _interrupt_a_fill(environment)
    with serve_demo(environment, "--sessions", "20") as first:
        assert "sample sessions in" in first.output
        _check_shown(first.shown)
    workers = {"SESSIONGRAPH_WORKERS": "2", "SESSIONGRAPH_HOST": "::1"}
    with serve_demo({**environment, **workers}, "--sessions", "20") as second:
        assert "The sample history is there already.\n" in second.output
        assert second.address.startswith("http://[::1]:")
        assert second.shown.removeprefix(second.address) == first.shown.removeprefix(first.address)
        _check_shown(second.shown)


def _interrupt_a_fill(environment: dict[str, str]) -> None:
    """Press Ctrl-C while it fills."""
    filling = subprocess.Popen(
        [COMMAND, "demo", "--serve", "--sessions", "5000"],
        env={**environment, "SESSIONGRAPH_PORT": "0"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert filling.stderr is not None
    for line in filling.stderr:
        if line.startswith("Migrating"):
            break
    filling.send_signal(signal.SIGINT)
    _, told = filling.communicate(timeout=READY_SECONDS)
    assert filling.returncode == 130
    assert "Traceback" not in told


def _check_shown(shown: str) -> None:
    address, _, session = shown.rpartition("/sessions/")
    assert httpx2.get(shown).status_code == 200
    query = "query ($id: ID!) { session(id: $id) { treeUsage { sessionCount toolCallCount } } }"
    body = {"query": query, "variables": {"id": session}}
    usage = httpx2.post(f"{address}/graphql", json=body).json()["data"]["session"]["treeUsage"]
    assert usage["sessionCount"] > 1
    assert usage["toolCallCount"] > 0
