"""`examples/human_in_the_loop`: an agent and a reviewer, as two programs, and a server."""

import getpass
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.server_process import READY_SECONDS, make_environment, serve

FOLDER = Path(__file__).parent.parent.parent / "examples/human_in_the_loop"
SESSION = """query ($id: ID!) { session(id: $id) { status
  confirmations { nodes { status reason decidedBy deciderType } }
  toolCalls { nodes { status result } }
  messages(last: 1) { nodes { content } } } }"""
PROGRAM_SECONDS = 60


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of two processes: who waits and who decides need not meet in one."""
    environment = make_environment(tmp_path_factory.mktemp("examples"))
    settings = {"SESSIONGRAPH_LOG_LEVEL": "ERROR"}
    with serve({**environment, **settings}, "--workers", "2") as (_, address):
        yield address


class Agent:
    """An agent that runs."""

    def __init__(self, address: str, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, FOLDER / "agent.py", *options],
            env={"SESSIONGRAPH_URL": f"{address}/graphql"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        asked = re.search(r"confirmation_\w+", self.process.stdout.readline())
        assert asked is not None
        self.asked = asked[0]

    def end(self) -> list[str]:
        """Wait for its end; give the lines that it wrote since it asked."""
        output, _ = self.process.communicate(timeout=PROGRAM_SECONDS)
        assert self.process.returncode == 0, output
        return output.splitlines()


def review(address: str, *options: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the reviewer to its end."""
    return subprocess.run(
        [sys.executable, FOLDER / "reviewer.py", *options],
        env={"SESSIONGRAPH_URL": f"{address}/graphql", "USER": getpass.getuser()},
        input=typed,
        capture_output=True,
        text=True,
        timeout=PROGRAM_SECONDS,
        check=False,
    )


def read_session(address: str, name: str) -> dict[str, Any]:
    body = {"query": SESSION, "variables": {"id": name}}
    answer = httpx2.post(f"{address}/graphql", json=body, timeout=READY_SECONDS).json()
    session: dict[str, Any] = answer["data"]["session"]
    return session


@pytest.mark.parametrize("options", [(), ("--poll",)])
def test_a_person_approves(address: str, options: tuple[str, ...]) -> None:
    name = f"approved{len(options)}"
    agent = Agent(address, "--session", name, *options)
    assert read_session(address, name)["status"] == "WAITING"
    listed = review(address, "list").stdout
    assert f"{agent.asked}  Give 20 euros back?\n" in listed
    assert 'give_money_back({"amount": 20})' in listed
    assert agent.process.poll() is None
    decided = review(address, "approve", agent.asked)
    assert decided.stdout == f"APPROVED: {agent.asked}\n"
    assert agent.end() == ["APPROVED: no reason given", "You get 20 euros back."]
    late = review(address, "deny", agent.asked, "--reason", "Too much")
    assert late.returncode == 1
    assert late.stderr == "It has been decided already. It is APPROVED.\n"
    session = read_session(address, name)
    assert session["status"] == "COMPLETED"
    result = {"paid": 20, "paymentKey": agent.asked}
    assert session["toolCalls"]["nodes"] == [{"status": "SUCCEEDED", "result": result}]


@pytest.mark.parametrize("options", [(), ("--poll",)])
def test_a_person_denies_with_a_reason(address: str, options: tuple[str, ...]) -> None:
    name = f"denied{len(options)}"
    agent = Agent(address, "--session", name, "--amount", "900.5", *options)
    decided = review(address, typed="d\nToo much\n")
    assert decided.returncode == 0
    assert f"DENIED: {agent.asked}" in decided.stdout
    last = "I may not give the money back: Too much."
    assert agent.end() == ["DENIED: Too much", last]
    assert read_session(address, name) == {
        "status": "COMPLETED",
        "confirmations": {
            "nodes": [
                {
                    "status": "DENIED",
                    "reason": "Too much",
                    "decidedBy": getpass.getuser(),
                    "deciderType": "USER",
                }
            ]
        },
        "toolCalls": {"nodes": [{"status": "DENIED", "result": None}]},
        "messages": {"nodes": [{"content": last}]},
    }


@pytest.mark.parametrize("options", [(), ("--poll",)])
def test_nobody_decides(address: str, options: tuple[str, ...]) -> None:
    name = f"expired{len(options)}"
    agent = Agent(address, "--session", name, "--minutes", "0.02", *options)
    assert agent.end()[0] == "EXPIRED: Nobody decided in time."
    session = read_session(address, name)
    assert session["toolCalls"]["nodes"] == [{"status": "CANCELLED", "result": None}]
    (question,) = session["confirmations"]["nodes"]
    assert (question["status"], question["decidedBy"]) == ("EXPIRED", None)


def test_an_agent_that_was_killed_goes_on(address: str) -> None:
    first = Agent(address, "--session", "killed")
    first.process.kill()
    first.process.communicate()
    second = Agent(address, "--session", "killed")
    assert second.asked == first.asked
    review(address, "approve", second.asked, "--reason", "Kind")
    assert second.end()[0] == "APPROVED: Kind"
    session = read_session(address, "killed")
    assert [call["status"] for call in session["toolCalls"]["nodes"]] == ["SUCCEEDED"]
    third = Agent(address, "--session", "killed")  # all of it is there by now
    assert third.asked == first.asked
    assert third.end() == ["APPROVED: Kind", "You get 20 euros back."]
    assert read_session(address, "killed") == session
