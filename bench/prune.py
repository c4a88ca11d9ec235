"""What a prune of a million messages does to those who write meanwhile.

    python -m bench.prune [--messages 1000000] [--seconds 5] [--rounds 12]

A server on an embedded PostgreSQL that syncs to disk; 8 clients record messages, each as soon as
the one before is answered, while `sessiongraph prune` deletes all that was there. In turns it is
held (SIGSTOP) for a window and goes on for one, so that both are measured in the same minutes;
after so many rounds it goes on alone. Then the same with the prune of one tree of 100,000 messages.
Before it, 100,000 messages are deleted in two ways, each of which is taken back: by the cascade
from their sessions, and table by table.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import asyncpg
import httpx2
import psutil
from sqlalchemy.engine import URL

from bench.database import address, connection_to
from bench.fill import fill
from bench.load import Load, run_clients
from bench.measurements import OURS
from bench.servers import RunningServer, run
from server.embedded_postgres import embedded_postgres
from tests.server_process import COMMAND

_CLIENTS = 8
_SESSIONS = 64
_MESSAGES_OF_A_SESSION = 20
_COMPARED_MESSAGES = 100_000
_COMPARISONS = 3
_TREE_MESSAGES = 100_000
_TREES_AT_ONCE = 10
_START_SECONDS = 3.0
"""Within which a command begins to delete."""
_CONTENT = "Some words of an ordinary length. " * 5

_ADD_EVENTS = """
INSERT INTO session_events (project_id, id, created_at, session_id, root_id, sequence, event_type,
    subject_type, subject_id, occurred_at)
SELECT 1, uuidv7(m.created_at - clock_timestamp()), m.created_at, s.id, s.root_id,
    row_number() OVER (PARTITION BY s.id ORDER BY m.created_at), m.event_type, m.noun, m.id,
    m.created_at
FROM (
    SELECT session_id, id, created_at, 'message.recorded' AS event_type, 'message' AS noun
    FROM messages WHERE project_id = 1
    UNION ALL
    SELECT session_id, id, created_at, 'tool_call.recorded', 'tool_call'
    FROM tool_calls WHERE project_id = 1
) m JOIN sessions s ON s.project_id = 1 AND s.id = m.session_id
WHERE s.event_sequence = 0
"""
_END = """
UPDATE sessions SET status = 'COMPLETED', ended_at = last_activity_at,
    event_sequence = message_count + tool_call_count
"""
_ADD_TREE = """
WITH made AS (
    INSERT INTO sessions (project_id, id, root_id, status, started_at, ended_at, last_activity_at,
        input_hash, message_sequence, message_count, event_sequence)
    SELECT 1, id, id, 'FAILED', at, at, at, '', $1::integer, $1::integer, $1::integer
    FROM (SELECT uuidv7() AS id, now() - interval '1 day' AS at) given RETURNING id
), messages AS (
    INSERT INTO messages (project_id, id, session_id, sequence, role, content)
    SELECT 1, uuidv7(), made.id, n, 'USER', repeat('Some words. ', 20)
    FROM made, generate_series(1, $1::integer) n RETURNING id, session_id, sequence
)
INSERT INTO session_events (project_id, id, session_id, root_id, sequence, event_type,
    subject_type, subject_id)
SELECT 1, uuidv7(), session_id, session_id, sequence, 'message.recorded', 'message', id
FROM messages
"""
_CASCADE = ("DELETE FROM sessions WHERE project_id = 1 AND root_id = ANY($1)",)
_WITHIN = "project_id = 1 AND session_id IN (SELECT id FROM sessions WHERE project_id = 1"
_BY_TABLE = (
    *(
        f"DELETE FROM {table} WHERE {_WITHIN} AND root_id = ANY($1))"
        for table in ("session_events", "confirmations", "tool_calls", "messages")
    ),
    *(
        f"DELETE FROM {table} WHERE project_id = 1 AND module_state_id IN"
        f" (SELECT id FROM module_states WHERE {_WITHIN} AND root_id = ANY($1)))"
        for table in ("state_transitions", "state_snapshots")
    ),
    f"DELETE FROM module_states WHERE {_WITHIN} AND root_id = ANY($1))",
    f"DELETE FROM session_metrics WHERE {_WITHIN} AND root_id = ANY($1))",
    *_CASCADE,
)


async def _fill(url: URL, messages: int) -> None:
    async with connection_to(url) as connection:
        await fill(connection, messages // _MESSAGES_OF_A_SESSION)
        await connection.execute(_ADD_EVENTS)
        await connection.execute(_END)
        for statement in ("RESET session_replication_role", "VACUUM ANALYZE", "CHECKPOINT"):
            await connection.execute(statement)


async def _compare(url: URL) -> None:
    """Print how long 100,000 messages with all around them take to delete in either way."""
    async with connection_to(url) as connection:
        roots = await connection.fetch(
            """
            SELECT root_id, sum(sum(message_count)) OVER (ORDER BY root_id) AS so_far
            FROM sessions GROUP BY root_id ORDER BY root_id
            """
        )
        ids = [row["root_id"] for row in roots if row["so_far"] <= _COMPARED_MESSAGES]
        ways = {"by the cascade": _CASCADE, "table by table": _BY_TABLE}
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(_COMPARISONS):
            for way, statements in ways.items():
                seconds[way].append(await _time(connection, statements, ids))
    for way, taken in seconds.items():
        print(f"{_COMPARED_MESSAGES:,} messages deleted {way}: {_list(taken)} s", flush=True)


async def _time(
    connection: "asyncpg.Connection[asyncpg.Record]", statements: tuple[str, ...], ids: list[object]
) -> float:
    transaction = connection.transaction()
    await transaction.start()
    started = perf_counter()
    for first in range(0, len(ids), _TREES_AT_ONCE):
        for statement in statements:
            await connection.execute(statement, ids[first : first + _TREES_AT_ONCE])
    taken = perf_counter() - started
    await transaction.rollback()
    return taken


def _bodies(server: RunningServer) -> list[bytes]:
    """Make sessions to write to, and the bodies that do."""
    with httpx2.Client(base_url=server.address) as http:
        create = "mutation ($id: String!) { createSession(input: {sessionId: $id}) { created } }"
        names = [f"written-{number}" for number in range(_SESSIONS)]
        for name in names:
            answer = http.post("/graphql", json={"query": create, "variables": {"id": name}})
            if answer.json() != {"data": {"createSession": {"created": True}}}:
                raise RuntimeError(answer.text)
    query = (
        "mutation ($session: ID!, $content: String!) { recordMessage(input: {session: $session,"
        " role: USER, content: $content}) { message { id sequence } } }"
    )
    return [
        json.dumps({"query": query, "variables": {"session": name, "content": _CONTENT}}).encode()
        for name in names
    ]


@contextmanager
def _pruning(url: URL, status: str) -> Iterator[psutil.Popen]:
    """Run the command until the block ends, or for as long as it takes."""
    process = psutil.Popen(
        [str(COMMAND), "prune", "--older-than", "1s", "--status", status, "--yes"],
        env=os.environ | {"DATABASE_URL": address(url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield process


def _measure(server: RunningServer, bodies: list[bytes], seconds: float) -> Load:
    load = asyncio.run(run_clients(server.address_of(""), bodies, seconds, _CLIENTS))
    if load.failures:
        raise RuntimeError(f"{load.failures} of {load.answers} writes failed.")
    return load


def _list(values: list[float]) -> str:
    return " ".join(f"{value:.3g}" for value in values)


def _tell(when: str, loads: list[Load]) -> None:
    rate, p50 = median(each.rate for each in loads), median(each.p50 for each in loads)
    print(
        f"{when}: {rate:.0f} writes/s, p50 {p50:.3g} ms, p99 {median(_p99(loads)):.3g} ms"
        f" (windows: {_list(_p99(loads))})",
        flush=True,
    )


def _p99(loads: list[Load]) -> list[float]:
    return [load.p99 for load in loads]


def _compare_writes(
    url: URL, server: RunningServer, bodies: list[bytes], options: argparse.Namespace, status: str
) -> None:
    """Measure writes in turns beside the prune of what has a status and without it; print it."""
    quiet: list[Load] = []
    beside: list[Load] = []
    _measure(server, bodies, options.seconds)  # to warm up
    with _pruning(url, status) as process:
        sleep(_START_SECONDS)
        while process.poll() is None and len(beside) < options.rounds:
            process.suspend()
            quiet.append(_measure(server, bodies, options.seconds))
            process.resume()
            beside.append(_measure(server, bodies, options.seconds))
        _tell("in quiet", quiet)
        _tell("beside the prune", beside)
        ratios = [loaded.p99 / alone.p99 for loaded, alone in zip(beside, quiet, strict=True)]
        print(
            f"p99 beside the prune / p99 in quiet: {median(ratios):.2f} (rounds: {_list(ratios)})",
            flush=True,
        )
        print(process.communicate()[0].strip(), flush=True)


def main() -> None:
    """Fill, compare, prune and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5, help="of each window")
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sessiongraph-bench-prune-") as folder:
        Path(folder).chmod(0o755)
        with embedded_postgres(Path(folder) / "data", {"max_connections": "100"}) as url:
            subprocess.run(
                [COMMAND, "migrate"], env=os.environ | {"DATABASE_URL": address(url)}, check=True
            )
            asyncio.run(_fill(url, options.messages))
            asyncio.run(_compare(url))
            with run(OURS, url) as server:
                bodies = _bodies(server)
                _compare_writes(url, server, bodies, options, "COMPLETED")
                asyncio.run(_add_tree(url))
                _compare_writes(url, server, bodies, options, "FAILED")


async def _add_tree(url: URL) -> None:
    async with connection_to(url) as connection:
        await connection.execute(_ADD_TREE, _TREE_MESSAGES)
        await connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
