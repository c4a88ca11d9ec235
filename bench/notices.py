"""What notices of changes cost those who write, and how soon others hear of a commit.

    python -m bench.notices [--rounds 3] [--seconds 5]

Two processes with 16 writers each record messages, by the server's own functions on an embedded
PostgreSQL that syncs to disk, while a third process listens. `outside` is what the server does,
`inside` is a pg_notify in the transaction of each message, from a trigger; `trigger` is the same
trigger without it. Beside them one message at a time is recorded in a session that the third
process follows: from its commit until the follower is awake, in quiet and beside the writers.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from uuid import UUID

import psutil
from sqlalchemy.engine import URL

from bench.database import connection_to
from migrations import runner
from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.message import record_message
from resolvers.session import create_session
from resolvers.transaction import record
from server.database import create_engine, open_connection
from server.embedded_postgres import embedded_postgres
from server.notices.change_notices import ChangeNotices
from server.notices.listener import NoticeListener
from server.notices.payloads import CHANNEL
from server.settings import Settings

NONE, OUTSIDE, TRIGGER, INSIDE = "none", "outside", "trigger", "inside"
_PROCESSES = 2
_CLIENTS = 16
_MARGIN_SECONDS = 1.0
_REST_SECONDS = 0.03
_FOLLOWED = "followed"
_CONTENT = "Some words of an ordinary length. " * 5
_PAYLOAD = "'x ' || translate(rtrim(encode(uuid_send(new.session_id), 'base64'), '='), '+/', '-_')"
_CALLS = {
    TRIGGER: f"PERFORM {_PAYLOAD}",
    INSIDE: f"PERFORM pg_notify('{CHANNEL}', {_PAYLOAD})",
}
_NO_TRIGGER = "DROP TRIGGER IF EXISTS bench_notice ON session_events"
_MAKE_TRIGGER = """
    CREATE OR REPLACE FUNCTION bench_notice() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN {call}; RETURN NULL; END $$;
    CREATE TRIGGER bench_notice AFTER INSERT ON session_events
    FOR EACH ROW EXECUTE FUNCTION bench_notice()
"""
_spawn = get_context("spawn")


@asynccontextmanager
async def _context(url: URL, way: str) -> AsyncIterator[Context]:
    """Give the context of a process that tells others what it changes, in one of the ways."""
    engine = create_engine(Settings(), url)
    try:
        if way == OUTSIDE:
            notices = ChangeNotices(Settings(), url)
            async with notices.exchanged():
                yield Context(engine, 1, notices.changes)
        else:
            yield Context(engine, 1)
    finally:
        await engine.dispose()


async def _record(context: Context, session: str) -> None:
    told = {"session": session, "role": "USER", "content": _CONTENT}
    await record(context, "recordMessage", record_message, told)


async def _create(context: Context, name: str) -> UUID:
    given = {"session_id": name}
    answer = await record(context, "createSession", create_session, given)
    session: UUID = answer["session"]
    return session


@dataclass(frozen=True)
class Written:
    """How many messages were recorded, in which time, and the processor time of the writers."""

    count: int
    seconds: float
    processor: float


async def _write(url: URL, way: str, seconds: float) -> Written:
    """Be 16 writers, each in a session of its own."""
    count = 0
    async with _context(url, way) as context:
        names = [f"{os.getpid()} {number}" for number in range(_CLIENTS)]
        await asyncio.gather(*[_create(context, name) for name in names])
        used = process_time()
        started = perf_counter()

        async def write(name: str) -> None:
            nonlocal count
            while perf_counter() < started + seconds:
                await _record(context, name)
                count += 1

        await asyncio.gather(*[write(name) for name in names])
        return Written(count, perf_counter() - started, process_time() - used)


def write(url: URL, way: str, seconds: float) -> Written:
    """Write in a process of its own."""
    return asyncio.run(_write(url, way, seconds))


async def _follow(url: URL, session: UUID, told: Connection) -> None:
    """Tell when the follower of a session was woken: first once it listens, by anything."""
    changes = Changes()
    connect = partial(open_connection, Settings(), url)
    listener = NoticeListener(changes, "bench", connect, beat=lambda: None)
    with changes.follow(session) as follower:
        listening = asyncio.create_task(listener.run())
        while not listening.done():
            await follower.wait()
            told.send(perf_counter())


def follow(url: URL, session: UUID, told: Connection) -> None:
    """Follow in a process of its own, until it is ended."""
    asyncio.run(_follow(url, session, told))


@contextmanager
def _follower(url: URL, session: UUID) -> Iterator[Callable[[], float]]:
    """Run a follower, and give a function that waits until it was woken and says when."""
    reader, writer = _spawn.Pipe(duplex=False)
    process = _spawn.Process(target=follow, args=(url, session, writer))
    process.start()
    writer.close()
    reader.recv()
    try:
        yield reader.recv
    finally:
        process.terminate()
        process.join()


async def _delays(
    context: Context, woken: Callable[[], float], seconds: float, rest: float
) -> list[float]:
    """Record one message after another; give the milliseconds until the follower was woken."""
    delays = []
    started = perf_counter()
    while perf_counter() < started + seconds:
        await _record(context, _FOLLOWED)
        committed = perf_counter()
        delays.append((await asyncio.to_thread(woken) - committed) * 1e3)
        await asyncio.sleep(rest)
    return delays


def _processor_seconds(folder: Path) -> float:
    """Tell what the PostgreSQL of a folder took of the processors so far."""
    file = folder / "postgres" / "postmaster.pid"
    postmaster = psutil.Process(int(file.read_text().split()[0]))
    seconds = 0.0
    for child in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            seconds += sum(child.cpu_times()[:2])
    return seconds + sum(postmaster.cpu_times()[:4])  # with those of children that have ended


@dataclass
class Measured:
    """What was measured of one way, in each round."""

    rates: list[float] = field(default_factory=list)
    """Messages a second."""
    processor: list[float] = field(default_factory=list)
    """Milliseconds of writers and PostgreSQL for a message."""
    quiet: list[float] = field(default_factory=list)
    """Milliseconds until the follower was woken."""
    beside: list[float] = field(default_factory=list)

    async def add(
        self, url: URL, folder: Path, way: str, seconds: float, executor: ProcessPoolExecutor
    ) -> None:
        """Measure a round."""
        async with connection_to(url) as connection:
            await connection.execute(_NO_TRIGGER)
            if way in _CALLS:
                await connection.execute(_MAKE_TRIGGER.format(call=_CALLS[way]))
        async with _context(url, way) as context:
            session = await _create(context, _FOLLOWED)
            with _follower(url, session) as woken:
                used = _processor_seconds(folder)
                written = await _start_writers(executor, url, way, seconds)
                used = _processor_seconds(folder) - used + sum(own.processor for own in written)
                self.rates.append(sum(own.count / own.seconds for own in written))
                self.processor.append(used * 1e3 / sum(own.count for own in written))
                if way not in {OUTSIDE, INSIDE}:
                    return
                self.quiet += await _delays(context, woken, seconds / 2, _REST_SECONDS)
                writing = asyncio.ensure_future(_start_writers(executor, url, way, seconds))
                await asyncio.sleep(_MARGIN_SECONDS)
                self.beside += await _delays(context, woken, seconds - 2 * _MARGIN_SECONDS, 0)
                await writing


def _start_writers(
    executor: ProcessPoolExecutor, url: URL, way: str, seconds: float
) -> "asyncio.Future[list[Written]]":
    loop = asyncio.get_running_loop()
    return asyncio.gather(
        *[loop.run_in_executor(executor, write, url, way, seconds) for _ in range(_PROCESSES)]
    )


async def _migrate(url: URL) -> None:
    engine = create_engine(Settings(), url)
    await runner.upgrade(engine)
    await engine.dispose()


def _tell(delays: list[float]) -> str:
    if not delays:
        return " | "
    parts = quantiles(delays, n=100)
    return f"{parts[49]:.1f} | {parts[98]:.1f}"


def main() -> None:
    """Print for each way what is written, and how soon it is heard of."""
    parser = argparse.ArgumentParser(prog="python -m bench.notices")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--ways", default=",".join([NONE, OUTSIDE, TRIGGER, INSIDE]))
    parser.add_argument("--no-fsync", action="store_true", help="measure without the disk")
    options = parser.parse_args()
    measured = {way: Measured() for way in options.ways.split(",")}
    parameters = {"fsync": "off" if options.no_fsync else "on"}
    with tempfile.TemporaryDirectory(prefix="sessiongraph-bench-") as folder:
        Path(folder).chmod(0o755)
        store = Path(folder) / "store"
        with (
            embedded_postgres(store, parameters) as url,
            ProcessPoolExecutor(_PROCESSES, mp_context=_spawn) as executor,
        ):
            asyncio.run(_migrate(url))
            list(executor.map(write, *zip(*[(url, NONE, 1.0)] * _PROCESSES, strict=True)))  # warm
            for _ in range(options.rounds):
                for way, own in measured.items():
                    asyncio.run(own.add(url, store, way, options.seconds, executor))
    first = next(iter(measured.values()))
    print("| notices | messages/s | lowest-highest | times the first | CPU ms |", end="")
    print(" times the first | p50 ms | p99 ms | beside writers p50 | p99 |")
    print(f"| --- {'| ---: ' * 9}|")
    for way, own in measured.items():
        rate, lowest, highest = median(own.rates), min(own.rates), max(own.rates)
        told = f"{rate:,.0f} | {lowest:,.0f}-{highest:,.0f} | {_times(own.rates, first.rates)}"
        told += f" | {median(own.processor):.2f} | {_times(own.processor, first.processor)}"
        print(f"| {way} | {told} | {_tell(own.quiet)} | {_tell(own.beside)} |")


def _times(own: list[float], first: list[float]) -> str:
    return f"{median(one / other for one, other in zip(own, first, strict=True)):.2f}"


if __name__ == "__main__":
    main()
