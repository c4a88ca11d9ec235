"""`sessiongraph serve` as a new user starts it: a real process, a real port, real requests."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from tests.server_process import COMMAND, READY_SECONDS, make_environment, serve
from tests.transcript_check import compare

README = (Path(__file__).parent.parent.parent / "README.md").read_text()


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a data directory of its own, which PostgreSQL's account can reach."""
    return make_environment(tmp_path_factory.mktemp("serve"))


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_data_outlives_a_stop_and_a_kill(environment: dict[str, str]) -> None:
    create = 'mutation { createSession(input: {sessionId: "%s"}) { session { id } } }'
    for name, stop in (("first", signal.SIGTERM), ("second", signal.SIGKILL)):
        with serve(environment) as (process, address):
            answer = httpx2.post(f"{address}/graphql", json={"query": create % name}).json()
            assert answer["data"]["createSession"] is not None
            process.send_signal(stop)
            assert process.wait(READY_SECONDS) in {0, -signal.SIGTERM, -signal.SIGKILL}
    with serve(environment) as (_, address):
        query = {"query": "{ sessions { nodes { sessionId } } }"}
        answer = httpx2.post(f"{address}/graphql", json=query).json()
        names = [node["sessionId"] for node in answer["data"]["sessions"]["nodes"]]
        assert names == ["second", "first"]
        assert httpx2.get(f"{address}/readyz").json()["status"] == "ready"
        _rebound_name_is_refused(address)
        _locked_directory_is_one_line(environment)


def _rebound_name_is_refused(address: str) -> None:
    answer = httpx2.get(f"{address}/healthz", headers={"host": "rebound.example"})
    assert answer.status_code == 400


def _locked_directory_is_one_line(environment: dict[str, str]) -> None:
    refused = run(environment, "serve", "--port", "0")
    assert refused.returncode == 1
    assert re.fullmatch(
        r"sessiongraph: The data directory \S+ is in use by a server \(process \d+\)\. .+\n",
        refused.stderr,
    )


def test_the_readmes_program_runs(environment: dict[str, str], tmp_path: Path) -> None:
    program = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert program is not None
    with serve(environment) as (_, address):
        script = tmp_path / "program.py"
        script.write_text(program[1].replace("http://127.0.0.1:8000", address))
        ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert "'replayed': True" in ran.stdout
        query = '{ session(id: "chat-1") { status messageCount toolCalls { nodes { status } } } }'
        answer = httpx2.post(f"{address}/graphql", json={"query": query}).json()
        assert answer["data"]["session"] == {
            "status": "COMPLETED",
            "messageCount": 2,
            "toolCalls": {"nodes": [{"status": "SUCCEEDED"}]},
        }
        query = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)[0]
        answer = httpx2.post(f"{address}/graphql", json={"query": query}).json()
        assert "errors" not in answer


def test_a_server_for_others_asks_for_keys(environment: dict[str, str]) -> None:
    refused = run(environment, "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("sessiongraph: There are no API keys")
    key = run(environment, "keys", "create", "--name", "test").stdout.strip()
    assert re.fullmatch(r"sg_[0-9a-f]{12}_[0-9a-f]{64}", key)
    query = {"query": "{ sessions { totalCount } }"}
    with serve(environment, "--host", "0.0.0.0") as (_, address):  # noqa: S104
        answer = httpx2.post(f"{address}/graphql", json=query)
        assert answer.status_code == 401
        bearer = {"authorization": f"Bearer {key}"}
        answer = httpx2.post(f"{address}/graphql", json=query, headers=bearer)
        assert answer.json() == {"data": {"sessions": {"totalCount": 0}}}
    (listed,) = json.loads(run(environment, "keys", "list", "--json").stdout)
    assert listed["last_used_at"] is not None


@pytest.mark.parametrize("command", [["serve"], ["demo", "--serve"]])
def test_a_taken_port_is_one_line(environment: dict[str, str], command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = {"SESSIONGRAPH_PORT": str(taken.getsockname()[1])}
        refused = run({**environment, **port}, *command)
    assert refused.returncode == 1
    assert re.fullmatch(
        r"sessiongraph: Cannot listen on 127\.0\.0\.1:\d+ \(Address already in use\)\. .+\n",
        refused.stderr,
    )
    assert not Path(environment["SESSIONGRAPH_DATA_DIRECTORY"]).exists()


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("postgresql://u:hidden@127.0.0.1:1/x", "No database answers at postgresql://u:***@"),
        ("mysql://u:hidden@127.0.0.1/x", "DATABASE_URL must begin with postgresql://."),
        ("hidden", "DATABASE_URL is not a URL; give postgresql://"),
    ],
)
def test_a_database_that_is_not_there_is_one_line(
    environment: dict[str, str], url: str, line: str
) -> None:
    started = time.monotonic()
    refused = run({**environment, "DATABASE_URL": url}, "serve", "--port", "0")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"sessiongraph: {line}")
    assert refused.stderr.count("\n") == 1
    assert "hidden" not in refused.stderr
    assert time.monotonic() - started < 30


def test_a_wrong_setting_is_one_line(environment: dict[str, str]) -> None:
    refused = run({**environment, "SESSIONGRAPH_POOL_SIZE": "many"}, "migrate")
    assert refused.returncode == 1
    assert refused.stderr.startswith("sessiongraph: The setting SESSIONGRAPH_POOL_SIZE is wrong")
    assert refused.stderr.count("\n") == 1


def test_an_import_is_read_back_to_the_letter(environment: dict[str, str], tmp_path: Path) -> None:
    call = {
        "id": "call",
        "type": "function",
        "function": {"name": "look", "arguments": '{ "b":1,  "a": [1.0, 1e2, "ä\\n"] }'},
    }
    asked: dict[str, object] = {"role": "assistant", "content": None, "tool_calls": [call]}
    answered = {"role": "tool", "tool_call_id": "call", "name": "look", "content": "\u2028 🙂\n"}
    transcript = {
        "session_id": "a",
        "agent": "bot",
        "metadata": {"z": 1},
        # the same id twice: models do that
        "messages": [{"role": "user", "content": ""}, asked, answered, asked, answered],
    }
    file = tmp_path / "transcripts.jsonl"
    file.write_text(json.dumps(transcript) + "\n" + json.dumps(transcript | {"session_id": "b"}))
    assert run(environment, "import", str(file)).returncode == 0
    with serve(environment) as (_, address):
        compared = compare(file, address)
    assert (compared.sessions, compared.messages, compared.tool_calls) == (2, 10, 4)


def test_an_import_is_repeated_without_harm(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "transcripts.jsonl"
    file.write_text(
        '{"session_id": "a", "agent": "bot", "messages": [{"role": "user", "content": "Hi"}]}\n'
        "nonsense\n"
        '{"session_id": "b", "messages": []}\n'
    )
    first = run(environment, "import", str(file))
    assert first.returncode == 1
    assert first.stdout == (
        "2 sessions, 1 messages and 0 tool calls imported; 0 sessions were there already; "
        "1 lines refused.\n"
    )
    assert "line 2: Not a JSON object." in first.stderr
    again = run(environment, "import", str(file))
    assert again.stdout.startswith("0 sessions, 0 messages and 0 tool calls imported; 2 sessions")
    missing = run(environment, "import", "nowhere.jsonl")
    assert missing.stderr == "sessiongraph: There is no file nowhere.jsonl.\n"
    other = run(environment, "import", str(file), "--project", "nowhere")
    assert other.stderr.splitlines()[-1].startswith("sessiongraph: There is no project nowhere.")
