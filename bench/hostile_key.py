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
from multiprocessing import get_context
from statistics import median

from sqlalchemy.engine import URL

from bench.database import open_database
from bench.load import CLIENTS, Load, run_clients
from bench.measurements import OURS
from bench.operations import draw_samples, make_bodies
from bench.servers import run
from models import Scope
from server.authentication import create_key
from server.database import create_engine
from server.settings import Settings

FLOOD_CLIENTS = 64
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
        "refused keys": points,
    }


def _new_documents() -> Iterator[bytes]:
    for number in range(3_000):
        fields = " ".join(
            f'a{index}: session(id: "{number}") {{ {_FIELDS} }}' for index in range(45)
        )
        yield _body(f"query Q{number} {{ {fields} }}")


def _body(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


def flood(address: str, bodies: list[bytes], seconds: float, key: str) -> Load:
    """Flood, in a process of its own that gives way to the server."""
    os.nice(19)
    return asyncio.run(run_clients(address, bodies, seconds, FLOOD_CLIENTS, key))


def point_reads(address: str, bodies: list[bytes], seconds: float, key: str) -> Load:
    """Read points, in a process of its own."""
    return asyncio.run(run_clients(address, bodies, seconds, CLIENTS // 2, key))


async def make_keys(url: URL) -> tuple[str, str]:
    """Make a key for the one who floods, and one for the other."""
    engine = create_engine(Settings(), url)
    async with engine.begin() as connection:
        keys = [
            await create_key(connection, "default", name, [Scope.READ])
            for name in ("hostile", "honest")
        ]
    await engine.dispose()
    return keys[0], keys[1]


def main() -> None:
    """Print for each flood how much longer point reads take."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile_key")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--scale", type=float, default=1, help="1 is 20,000 sessions")
    parser.add_argument("--flood", help="only this one")
    options = parser.parse_args()
    with (
        open_database(options.scale) as url,
        ProcessPoolExecutor(3, mp_context=get_context("spawn"), max_tasks_per_child=1) as executor,
    ):
        samples = asyncio.run(draw_samples(url))
        hostile, honest = asyncio.run(make_keys(url))
        dialect = "sessiongraph"
        points = make_bodies(dialect, "point", samples["point"])
        kinds = floods(points, make_bodies(dialect, "page", []))
        print("| flood | quiet p50 ms | p99 | p50 beside it | p99 | times | reads/s | flood/s |")
        for name, bodies in kinds.items():
            if options.flood not in {None, name}:
                continue
            ratios = []
            for _ in range(options.rounds):
                with run(OURS, url) as server:
                    address = server.address_of("point")
                    ask = (address, points, options.seconds, honest)
                    executor.submit(point_reads, address, points, 1, honest).result()
                    quiet = executor.submit(point_reads, *ask).result()
                    key = hostile if name != "refused keys" else hostile[:-4] + "0000"
                    flooding = executor.submit(flood, address, bodies, options.seconds, key)
                    beside = executor.submit(point_reads, *ask).result()
                    flooded = flooding.result()
                ratios.append(beside.p99 / quiet.p99)
                figures = [quiet.p50, quiet.p99, beside.p50, beside.p99, ratios[-1]]
                told = " | ".join(f"{each:.2f}" for each in figures)
                rates = f"{beside.rate / quiet.rate:.2f} of quiet | {flooded.rate:.0f}"
                print(f"| {name} | {told} | {rates} |", flush=True)
            print(f"{name}: median {median(ratios):.2f}", flush=True)


if __name__ == "__main__":
    main()
