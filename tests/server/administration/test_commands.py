"""`sessiongraph keys` and `sessiongraph projects`, as an operator types them."""

import json
import re
import subprocess
from collections.abc import Callable

import pytest
from sqlalchemy.engine import URL
from typer import BadParameter

from server.commands.durations import read_duration
from tests.server_process import COMMAND

_KEY = r"sg_[0-9a-f]{12}_[0-9a-f]{64}\n"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(database_url: URL) -> Run:
    """Runs a command on the test's database."""
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)

    def run(*arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


async def test_keys_from_their_making_to_their_end(run: Run) -> None:
    made = run("keys", "create", "--name", "runtime", "--expires-in", "90d")
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(_KEY, made.stdout)
    assert made.stderr == "This is the only time that the key is shown.\n"
    prefix = made.stdout.split("_")[1]
    refused = run("keys", "rotate", prefix)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"sessiongraph: The key {prefix} expires.")
    rotated = run("keys", "rotate", prefix, "--overlap", "5m", "--expires-in", "90d")
    assert re.fullmatch(_KEY, rotated.stdout)
    assert rotated.stderr.startswith("The old key works for 0:05:00 more at most.")
    revoked = run("keys", "revoke", prefix)
    assert (revoked.returncode, revoked.stdout) == (0, "")
    assert revoked.stderr == (
        "The key 'runtime' is revoked. Every server refuses it within 5 seconds.\n"
    )
    header, first, second = run("keys", "list").stdout.splitlines()
    assert header.split() == (
        ["PREFIX", "NAME", "PROJECT", "SCOPES", "CREATED", "LAST", "USED", "EXPIRES", "REVOKED"]
    )
    assert first.split()[:4] == [prefix, "runtime", "default", "read,record"]
    assert second.split()[-1] == "-"
    listed = json.loads(run("keys", "list", "--project", "default", "--json").stdout)
    assert [key["revoked_at"] is None for key in listed] == [False, True]
    assert listed[0].keys() >= {"prefix", "expires_at", "last_used_at"}


async def test_projects_from_their_making_to_their_end(run: Run) -> None:
    refused = run("keys", "create", "--name", "runtime", "--project", "shop")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "sessiongraph: There is no project shop. Make it with `sessiongraph projects create shop`."
        "\n"
    )
    assert run("projects", "create", "shop").returncode == 0
    again = run("projects", "create", "shop")
    assert again.stderr == "sessiongraph: There is a project shop already.\n"
    assert run("keys", "create", "--name", "runtime", "--project", "shop").returncode == 0
    (_, _, listed) = run("projects", "list").stdout.splitlines()
    assert listed.split()[0] == "shop"
    assert listed.split()[2:] == ["1", "0", "-"]
    kept = run("projects", "delete", "shop", answer="ship\n")
    assert kept.returncode == 1
    assert kept.stderr.endswith("sessiongraph: That is not its name; nothing was deleted.\n")
    deleted = run("projects", "delete", "shop", answer="shop\n")
    assert deleted.returncode == 0, deleted.stderr
    assert deleted.stderr.endswith("The project shop and its 0 rows are deleted.\n")
    gone = run("projects", "delete", "shop", "--yes")
    assert gone.stderr.startswith("sessiongraph: There is no project shop")
    assert [each["name"] for each in json.loads(run("projects", "list", "--json").stdout)] == [
        "default"
    ]


@pytest.mark.parametrize("duration", ["", "1", "d", "-1d", "1.5d", "1y", "9999999w"])
def test_a_duration_that_is_none(duration: str) -> None:
    with pytest.raises(BadParameter):
        read_duration(duration)
