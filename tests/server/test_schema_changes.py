"""The gate that a change of the schema passes: in real repositories, against the real schema."""

import re
import subprocess
from pathlib import Path

import pytest

from schema import schema
from server.commands.schema_changes import schema_changes
from server.operator_error import OperatorError

NOW = schema.as_str().rstrip() + "\n"
REMOVED = NOW + '\n"""Was here."""\ntype Gone {\n  a: Int\n}\n'
"""An earlier schema, of which the type `Gone` was removed since."""
ADDED = re.sub(r'  """[^"]*"""\n  COMPLETED\n\n', "", NOW)
"""An earlier schema, to which a value of an enum was added since."""
FILE = Path("schema.graphql")
LISTING = Path("schema.breaking-changes.toml")
LISTED = """
[[change]]
type = "TYPE_REMOVED"
description = "Gone was removed."
reason = "Nobody asked for it."
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def _commit(definition: str, *, tag: str | None = None) -> None:
    if not Path(".git").exists():
        _git("init")
    FILE.write_text(definition)
    _git("add", FILE.name)
    _git("commit", "--allow-empty", "--message", "Change")
    if tag is not None:
        _git("tag", tag)


def _refusal() -> str:
    with pytest.raises(OperatorError) as refused:
        schema_changes(FILE)
    return str(refused.value)


def test_the_working_copy_is_compared_with_the_last_commit() -> None:
    _commit(REMOVED)
    FILE.write_text(NOW)
    assert _refusal().startswith("The schema breaks clients of HEAD. ")


def test_a_commit_is_compared_with_the_schema_it_replaced() -> None:
    _commit(REMOVED)
    _commit(NOW)
    assert "^. Take the changes above back" in _refusal()
    Path("other").write_text("")
    _git("add", "other")
    _git("commit", "--message", "Something else")
    assert "^. Take the changes above back" in _refusal()


def test_a_tag_is_what_clients_know(capsys: pytest.CaptureFixture[str]) -> None:
    _commit(REMOVED, tag="v1")
    _commit(NOW)
    _commit(NOW + "# unlike what is served\n")
    _commit(NOW)
    assert "clients of v1." in _refusal()
    _git("tag", "v2")
    schema_changes(FILE)
    assert "since v2 that are not listed: none" in capsys.readouterr().err


def test_a_listed_change_passes(capsys: pytest.CaptureFixture[str]) -> None:
    _commit(REMOVED, tag="v1")
    _commit(NOW)
    assert str(LISTING) in _refusal()
    printed = capsys.readouterr().err
    assert printed == LISTED.replace("Nobody asked for it.", "").lstrip() + "\n"
    LISTING.write_text(printed)
    assert "change.0.reason: String should have at least 1 character" in _refusal()
    LISTING.write_text(LISTED)
    schema_changes(FILE)


@pytest.mark.parametrize(
    "listed",
    [
        "",
        LISTED.replace("Gone", "Another"),
        LISTED.replace("TYPE", "FIELD"),
        LISTED.replace("reason", "because"),
        LISTED.replace("reason", "# reason"),
        "change = 1",
        "[[change]",
    ],
)
def test_what_is_listed_otherwise_fails(listed: str) -> None:
    _commit(REMOVED, tag="v1")
    LISTING.write_text(listed)
    assert str(LISTING) in _refusal()


def test_a_dangerous_change_is_told_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    _commit(ADDED, tag="v1")
    schema_changes(FILE)
    told = capsys.readouterr().err
    assert "Dangerous since v1: Enum value SessionStatus.COMPLETED was added" in told


@pytest.mark.parametrize("history", ["none", "no schema", "first", "no git", "another's"])
def test_without_an_earlier_schema_it_passes_and_says_so(
    history: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if history == "no git":
        _commit(REMOVED, tag="v1")
        monkeypatch.setenv("PATH", "")
    elif history == "first":
        _commit(NOW)
    elif history == "no schema":
        _commit(NOW)
        _git("rm", FILE.name)
        _git("commit", "--amend", "--message", "Nothing", "--allow-empty")
    elif history == "another's":  # a tarball that was unpacked inside a repository
        _commit(REMOVED, tag="v1")
        Path("unpacked").mkdir()
        monkeypatch.chdir("unpacked")
    FILE.write_text(NOW)
    schema_changes(FILE)
    assert "no earlier schema.graphql" in capsys.readouterr().err
