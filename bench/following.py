"""What a thousand subscribers cost those who write, and how soon they hear of a commit.

    python -m bench.following [--rounds 3] [--seconds 8] [--subscribers 1000] [--rate 10]

16 clients record messages in 50 sessions, without a pause, with nobody who follows and with
subscribers of those sessions (`sessionEvents` over a WebSocket each). Then messages are recorded
at a steady rate, and it is told how long after the answer to the mutation each event arrives, at
subscribers of the same server process and of another.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import urlsplit

from sqlalchemy.engine import URL

from bench.following_clients import Arrivals, RemoteSubscribers, serve_subscribers
from bench.load import CLIENTS, read_answer
from bench.measurements import OURS, figure
from bench.servers import RunningServer, run
from migrations import runner
from server.database import create_engine
from server.embedded_postgres import embedded_postgres
from server.settings import Settings

SESSIONS = 50
_PARAMETERS = {"fsync": "off", "max_connections": "300"}
_LIMITS = {
    "SESSIONGRAPH_MAX_CONNECTIONS_PER_KEY": "10000",
    "SESSIONGRAPH_MAX_COST_PER_MINUTE": "1000000000000",
}
_CREATE = "mutation ($s: String!) { createSession(input: {sessionId: $s}) { created } }"
_RECORD = """mutation ($s: ID!, $c: String!) {
  recordMessage(input: {session: $s, role: USER, content: $c}) { message { sequence } } }"""


@dataclass(frozen=True)
class Written:
    """When each message was answered, by its number, and how long that took in milliseconds."""

    answered: dict[int, float]
    took: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.took) / self.seconds


class Writers:
    """Clients that record messages, each with a number of its own as its content."""

    def __init__(self, server: RunningServer) -> None:
        self.sessions = [f"{server.process.pid} {number}" for number in range(SESSIONS)]
        self._url = urlsplit(server.address_of("write"))
        self._numbers = count()

    async def create_sessions(self) -> None:
        """Make the sessions that are written to and followed."""
        reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
        for name in self.sessions:
            writer.write(self._request(_CREATE, {"s": name}))
            await read_answer(reader)
        writer.close()

    async def write(self, seconds: float, rate: float | None = None) -> Written:
        """Write without a pause, or so many a second."""
        answered: dict[int, float] = {}
        took: list[float] = []
        started = perf_counter()
        paced = count()

        async def one_client() -> None:
            reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
            while True:
                due = perf_counter() if rate is None else started + next(paced) / rate
                if due >= started + seconds:
                    break
                await asyncio.sleep(due - perf_counter())
                number = next(self._numbers)
                asked = perf_counter()
                given = {"s": self.sessions[number % SESSIONS], "c": f"{number:09}"}
                writer.write(self._request(_RECORD, given))
                _, body = await read_answer(reader)
                answered[number] = perf_counter()
                took.append((answered[number] - asked) * 1e3)
                if b'"errors"' in body:
                    raise RuntimeError(body.decode())
            writer.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(one_client())
        return Written(answered, took, perf_counter() - started)

    def _request(self, query: str, variables: dict[str, str]) -> bytes:
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = f"POST {self._url.path} HTTP/1.1\r\nHost: {self._url.netloc}\r\n"
        head += "Content-Type: application/json\r\nAccept: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def open_subscribers(
    server: RunningServer, sessions: list[str], subscribers: int
) -> Iterator[RemoteSubscribers]:
    """Run subscribers in a process of their own, spread over the sessions."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    names = [sessions[number % SESSIONS] for number in range(subscribers)]
    process = context.Process(target=serve_subscribers, args=(server.address, names, theirs))
    process.start()
    try:
        yield RemoteSubscribers(ours)
    finally:
        process.terminate()
        process.join()


def _cells(values: list[float]) -> str:
    parts = quantiles(values, n=100)
    return f"{figure(parts[49])} | {figure(parts[98])}"


def _delays(written: Written, arrivals: Arrivals) -> list[float]:
    """Give the milliseconds from the answer to each arrival of the event."""
    return [
        (arrived - written.answered[number]) * 1e3
        for number, arrived in arrivals
        if number in written.answered
    ]


@dataclass(frozen=True)
class Bench:
    """One database, and what is measured with it."""

    url: URL
    subscribers: int
    seconds: float
    rate: float

    def saturate(self) -> tuple[float, float]:
        """Print what writers get without subscribers and with them; give both rates."""
        rates = []
        for subscribers in (0, self.subscribers):
            with ExitStack() as stack:
                server = stack.enter_context(run(OURS, self.url, _LIMITS))
                writers = Writers(server)
                asyncio.run(writers.create_sessions())
                following = None
                if subscribers:
                    following = stack.enter_context(
                        open_subscribers(server, writers.sessions, subscribers)
                    )
                    following.wait_until_ready()
                asyncio.run(writers.write(1))
                used = server.processor_seconds
                written = asyncio.run(writers.write(self.seconds))
                used = server.processor_seconds - used
                events = following.arrivals() if following else []
                rates.append(written.rate)
                told = [figure(written.rate), _cells(written.took)]
                told.append(figure(used * 1e3 / len(written.took)))
                during = [each for each in events if each[0] in written.answered]
                told.append(figure(len(during) / written.seconds) if during else "")
                told.append(_cells(_delays(written, during)) if during else " | ")
                print(f"| {subscribers} | {' | '.join(told)} |", flush=True)
        return rates[0], rates[1]

    def measure_delays(self) -> None:
        """Print how long events take to arrive, at a steady rate."""
        for place in ("the writers' process", "another process"):
            with ExitStack() as stack:
                server = stack.enter_context(run(OURS, self.url, _LIMITS))
                followed = server
                if place != "the writers' process":
                    followed = stack.enter_context(run(OURS, self.url, _LIMITS))
                writers = Writers(server)
                asyncio.run(writers.create_sessions())
                following = stack.enter_context(
                    open_subscribers(followed, writers.sessions, self.subscribers)
                )
                following.wait_until_ready()
                asyncio.run(writers.write(1, self.rate))
                written = asyncio.run(writers.write(self.seconds, self.rate))
                wanted = len(written.took) * self.subscribers // SESSIONS
                arrivals = following.arrivals(set(written.answered), wanted)
                delays = _delays(written, arrivals)
                told = f"{figure(written.rate)} | {len(delays) / wanted:.2f} | {_cells(delays)}"
                print(f"| {place} | {told} |", flush=True)


def main() -> None:
    """Print the rounds of both tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.following")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=10, help="messages a second for the delays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bench" / "store"
        store.mkdir(parents=True)
        for each in (store, store.parent, store.parent.parent):
            each.chmod(0o755)
        with embedded_postgres(store, _PARAMETERS) as url:
            asyncio.run(_migrate(url))
            bench = Bench(url, options.subscribers, options.seconds, options.rate)
            print(
                "| subscribers | writes/s | answered p50 ms | p99 | CPU ms a write"
                " | events/s | arrived after p50 ms | p99 |"
            )
            print("| ---: " * 8 + "|")
            rates = [bench.saturate() for _ in range(options.rounds)]
            kept = median(followed / alone for alone, followed in rates)
            print(f"\nWith subscribers {kept:.2f} of the writes.\n")
            print("| subscribers of | writes/s | arrived | after p50 ms | p99 |")
            print("| --- | ---: | ---: | ---: | ---: |")
            for _ in range(options.rounds):
                bench.measure_delays()


async def _migrate(url: URL) -> None:
    engine = create_engine(Settings(), url)
    await runner.upgrade(engine)
    await engine.dispose()


if __name__ == "__main__":
    main()
