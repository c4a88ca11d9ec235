"""What one key's flood does to the point reads of another.

    python -m bench.hostile_key [--rounds 3] [--seconds 8] [--scale 1]

Each flood is 64 clients that ask without a pause, of one kind: point reads, pages, the largest
answers that the limits allow, documents that the server does not know, and refused keys. Before
each, the point reads are measured in quiet.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median

from sqlalchemy.engine import URL

from bench.database import open_database
from bench.load import CLIENTS, Load, run_clients
from bench.measurements import OURS
from bench.operations import draw_samples, make_bodies
from bench.servers import run
from models import Scope
from server.administration.api_keys import create_key
from server.database import create_engine
from server.settings import Settings

FLOOD_CLIENTS = 64
REFUSED = "refused keys"
_NICE = 10
_MARGIN_SECONDS = 2.0
_FIELDS = "id title status purpose source startedAt endedAt lastActivityAt createdAt updatedAt"
_MESSAGE = "id sequence role content name status createdAt inputTokens outputTokens durationMs"


def floods(points: list[bytes], pages: list[bytes]) -> Mapping[str, list[bytes]]:
    """Give the bodies of each kind of flood."""
    messages = f"messages(first: 200) {{ nodes {{ {_MESSAGE} }} }}"
    largest = " ".join(
        f"p{number}: sessions(first: 200) {{ nodes {{ {_FIELDS} {messages} }} }}"
        for number in range(4)
    )
    return {
        "points": points,
        "pages": pages,
        "largest answers": [_body(f"{{ {largest} }}")],
        "new documents": list(_new_documents()),
        REFUSED: points,
    }


def _new_documents() -> Iterator[bytes]:
    for number in range(3_000):
        fields = " ".join(
            f'a{index}: session(id: "{number}") {{ {_FIELDS} }}' for index in range(45)
        )
        yield _body(f"query Q{number} {{ {fields} }}")


def _body(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


@dataclass(frozen=True)
class Measured:
    """What point reads took in quiet and beside a flood, and how the flood went."""

    quiet: Load
    beside: Load
    flood: Load

    @property
    def times(self) -> float:
        """How many times as long the slowest hundredth took beside the flood."""
        return self.beside.p99 / self.quiet.p99

    @property
    def figures(self) -> tuple[float, ...]:
        """What the table says."""
        quiet, beside = self.quiet, self.beside
        return quiet.p50, quiet.p99, beside.p50, beside.p99, self.times, self.flood.rate


@dataclass(frozen=True)
class Measurement:
    """Measures one server. Clients are processes of their own."""

    executor: ProcessPoolExecutor
    address: str
    points: list[bytes]
    key: str
    """Of the one who reads points."""
    seconds: float

    def beside(self, bodies: list[bytes], hostile_key: str) -> Measured:
        """Measure point reads beside a flood of requests in turns."""
        self._points(self.seconds / 4)
        quiet = self._points(self.seconds)
        flooding = self.executor.submit(
            flood, self.address, bodies, self.seconds + _MARGIN_SECONDS, hostile_key
        )
        self._points(_MARGIN_SECONDS / 2)  # until the flood is there
        return Measured(quiet, self._points(self.seconds), flooding.result())

    def _points(self, seconds: float) -> Load:
        asked = self.executor.submit(point_reads, self.address, self.points, seconds, self.key)
        return asked.result()


def clients() -> ProcessPoolExecutor:
    """Make the processes that clients run in."""
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def flood(address: str, bodies: list[bytes], seconds: float, key: str) -> Load:
    """Flood a server, and give way to it where it runs on the same processors."""
    if os.nice(0) < _NICE:
        os.nice(_NICE - os.nice(0))
    return asyncio.run(run_clients(address, bodies, seconds, FLOOD_CLIENTS, key))


def point_reads(address: str, bodies: list[bytes], seconds: float, key: str) -> Load:
    """Read points."""
    return asyncio.run(run_clients(address, bodies, seconds, CLIENTS // 2, key))


async def make_key(url: URL, project: str = "default") -> str:
    """Make a key that may read."""
    engine = create_engine(Settings(), url)
    async with engine.begin() as connection:
        key = await create_key(connection, project, "bench", [Scope.READ])
    await engine.dispose()
    return key


def refused(key: str) -> str:
    """Make a key of another that no server knows."""
    return f"{key[:-4]}{'0' if key[-4:] == 'ffff' else 'f'}{key[-3:]}"


def main() -> None:
    """Print for each flood how much longer point reads take."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile_key")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--scale", type=float, default=1, help="1 is 20,000 sessions")
    parser.add_argument("--flood", help="only this one")
    options = parser.parse_args()
    with open_database(options.scale) as url, clients() as executor:
        samples = asyncio.run(draw_samples(url))
        points = make_bodies("sessiongraph", "point", samples["point"])
        kinds = floods(points, make_bodies("sessiongraph", "page", []))
        print("| flood | quiet p50 ms | p99 | beside it p50 | p99 | p99 times | flood/s |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, bodies in kinds.items():
            if options.flood not in {None, name}:
                continue
            measured = []
            for _ in range(options.rounds):
                keys = [asyncio.run(make_key(url)) for _ in range(2)]
                if name == REFUSED:
                    keys[0] = refused(keys[0])
                with run(OURS, url) as server:
                    address = server.address_of("point")
                    measurement = Measurement(executor, address, points, keys[1], options.seconds)
                    measured.append(measurement.beside(bodies, keys[0]))
            figures = zip(*[each.figures for each in measured], strict=True)
            told = " | ".join(f"{median(each):.2f}" for each in figures)
            print(f"| {name} | {told} |", flush=True)


if __name__ == "__main__":
    main()
