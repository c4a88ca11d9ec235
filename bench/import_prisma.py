"""Measure `sessiongraph import-prisma` on an SQLite of 200,000 messages: rows a second, and memory.

    python -m bench.import_prisma

The command runs as its users run it, on an embedded PostgreSQL that syncs to disk: it reads the
source, records it, and compares all rows. One of the sessions has half of the messages. The second
run finds everything there already.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench.store import temporary_environment
from tests.server_process import COMMAND

MESSAGES = 200_000
SMALL_SESSIONS = 1_000
TIME = "2024-06-20T10:00:00.000Z"


def make_source(path: Path, messages: int) -> None:
    """Make a database of the storage adapter: half of the messages are in one session."""
    source = sqlite3.connect(path)
    source.executescript("""
        CREATE TABLE "Session" (id TEXT PRIMARY KEY, "createdAt" DATETIME, "updatedAt" DATETIME,
            active BOOLEAN, metadata JSONB);
        CREATE TABLE "Message" (id TEXT PRIMARY KEY, "sessionId" TEXT, role TEXT, content TEXT,
            timestamp DATETIME, "responseType" TEXT, metadata JSONB);
    """)
    sessions = [f"session {number}" for number in range(SMALL_SESSIONS)]
    source.executemany(
        'INSERT INTO "Session" VALUES (?, ?, ?, TRUE, NULL)',
        [(name, TIME, TIME) for name in ("large", *sessions)],
    )
    text = "Some words of an ordinary length. " * 5
    source.executemany(
        'INSERT INTO "Message" VALUES (?, ?, ?, ?, ?, NULL, ?)',
        (
            (
                f"message {number:07}",
                "large" if number % 2 else sessions[number // 2 % SMALL_SESSIONS],
                "user",
                text,
                1718877600000 + number,
                '{"source": "web"}',
            )
            for number in range(messages)
        ),
    )
    source.commit()
    source.close()


def measure(path: Path, environment: dict[str, str], rows: int, run: str) -> None:
    """Run the command and print what it took."""
    started = perf_counter()
    process = subprocess.Popen(
        [COMMAND, "import-prisma", f"file:{path}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    seconds = perf_counter() - started
    megabytes = used.ru_maxrss / 1024
    print(f"{run:8} {rows:8} {seconds:8.1f} {rows / seconds:8.0f} {megabytes:8.0f}")


if __name__ == "__main__":
    given = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    print(f"{'run':8} {'rows':>8} {'seconds':>8} {'rows/s':>8} {'MB':>8}")
    with tempfile.TemporaryDirectory() as folder, temporary_environment() as used_environment:
        database = Path(folder) / "source.db"
        make_source(database, given)
        for name in ("first", "second"):
            measure(database, used_environment, given + SMALL_SESSIONS + 1, name)
