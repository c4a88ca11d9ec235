"""`docs/guides/first-hour.md`: every block of it is done, in order, from an empty machine on."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.guide_blocks import Reader, check_told, read_blocks
from tests.server_process import make_environment, serve_demo

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs/guides/first-hour.md"
DECIDE = """mutation ($id: ID!) {
  decideConfirmation(input: {confirmation: $id, decision: APPROVED}) { replayed }
}"""
WAITING = """{ session(id: "parcel-1") {
  confirmations(filter: {status: {eq: PENDING}}) { nodes { id } } } }"""


@contextmanager
def _approval(address: str) -> Iterator[None]:
    """Approve what is asked in the session, as the explorer does, until the block ends."""
    ended = threading.Event()

    def approve() -> None:
        while not ended.wait(0.1):
            answer = httpx2.post(f"{address}/graphql", json={"query": WAITING}).json()
            session = answer["data"]["session"] or {"confirmations": {"nodes": []}}
            for confirmation in session["confirmations"]["nodes"]:
                body = {"query": DECIDE, "variables": confirmation}
                assert "errors" not in httpx2.post(f"{address}/graphql", json=body).json()

    thread = threading.Thread(target=approve)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_the_guide_runs_from_top_to_bottom(tmp_path_factory: pytest.TempPathFactory) -> None:
    environment = make_environment(tmp_path_factory.mktemp("first-hour"))
    blocks = list(read_blocks(GUIDE))
    kind, started = blocks.pop(0)
    assert kind == "console"
    with serve_demo(environment) as demo:
        command, _, told = started.partition("\n")
        assert command == "$ make demo"
        check_told(told, demo.output.replace(demo.address, "http://127.0.0.1:8000"))
        reader = Reader(tmp_path_factory.mktemp("reader"), demo.address, environment)
        with _approval(demo.address):
            for (kind, block), following in zip(blocks, [*blocks[1:], ("", "")], strict=True):
                reader.do(kind, block, following)
        _check_nothing_is_doubled(reader)


def _check_nothing_is_doubled(reader: Reader) -> None:
    query = (
        '{ session(id: "parcel-1") { status messageCount events(last: 1) { nodes { sequence } } } }'
    )
    before = httpx2.post(f"{reader.address}/graphql", json={"query": query}).json()
    reader.run("python3 runtime.py | grep -c recorded || true", "0\n")
    assert httpx2.post(f"{reader.address}/graphql", json={"query": query}).json() == before
    assert before["data"]["session"]["status"] == "COMPLETED"


def test_make_demo_is_the_command_that_is_tested() -> None:
    ran = subprocess.run(
        ["make", "--dry-run", "demo"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == ".venv/bin/sessiongraph demo --serve"
