"""Compare servers on the same database: requests a second, and how long an answer takes.

    python -m bench.compare [--scale 1] [--servers limit,sessiongraph,...]
                            [--operations point,page,tree,write] [--rounds 3] [--seconds 3]
                            [--write]

All servers run, one process each, and are put under load one at a time, in turns: what the machine
does besides then shows as a spread over the rounds, and not in one server's figures. Before that
their answers are compared.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from sqlalchemy.engine import URL

from bench.answers import WrongAnswerError, check_write, compare, read_answers
from bench.database import connection_to, open_database
from bench.load import CLIENTS, Load, put_under_load
from bench.measurements import Measurements
from bench.operations import OPERATIONS, Samples, draw_samples, make_bodies
from bench.plot import draw
from bench.report import FOLDER, put_into_readme
from bench.servers import SERVERS, RunningServer, run

_WARM_SECONDS = 2
_LONGEST_SECONDS = 20
_SAME_SIZE = (0.8, 1.25)


async def check(servers: list[RunningServer], samples: Samples, url: URL) -> None:
    """Raise `WrongAnswerError` unless all servers give the same rows and write the same."""
    first, *others = servers
    expected = await read_answers(first, samples)
    for server in others:
        compare(server.name, await read_answers(server, samples), first.name, expected)
    async with connection_to(url) as connection:
        for server in servers:
            await check_write(server, samples["write"][0], connection)


def warm_up(server: RunningServer, operation: str, bodies: list[bytes]) -> Load:
    """Put a server under load and look for errors; longer where it answers nothing at first."""
    address = server.address_of(operation)
    for seconds in (_WARM_SECONDS, _LONGEST_SECONDS):
        load = put_under_load(address, bodies, seconds, check=True)
        server.wait_until_idle()
        if load.failures:
            raise WrongAnswerError(f"{server.name}, {operation}: {load.failures} failed")
        if load.rate:
            return load
    raise WrongAnswerError(f"{server.name}, {operation}: no answer in {seconds} s")


def measure(
    servers: list[RunningServer], samples: Samples, operation: str, *, rounds: int, seconds: float
) -> Iterator[tuple[str, Load]]:
    """Put each server under the load of an operation, round by round; give name and load."""
    bodies = {
        server.name: make_bodies(server.server.dialect, operation, samples[operation])
        for server in servers
    }
    warm = {server.name: warm_up(server, operation, bodies[server.name]) for server in servers}
    for _ in range(rounds):
        for server in servers:
            # a slow server needs longer until each client has had some answers
            enough = min(_LONGEST_SECONDS, 3 * CLIENTS / warm[server.name].rate)
            address = server.address_of(operation)
            before = server.processor_seconds
            load = put_under_load(address, bodies[server.name], max(seconds, enough))
            took = (server.processor_seconds - before) * 1e3 / max(1, load.answers)
            server.wait_until_idle()
            # an error inside an answer would show in its size
            least, most = _SAME_SIZE
            if load.failures or not least < load.size / warm[server.name].size < most:
                raise WrongAnswerError(f"{server.name}, {operation}: {load}")
            yield server.name, replace(load, processor=took)


def main() -> None:
    """Fill, start, check, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare")
    parser.add_argument("--scale", type=float, default=1, help="1 is 20,000 sessions")
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--operations", default=",".join(OPERATIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each window")
    parser.add_argument("--write", action="store_true", help="into README.md and results.svg")
    options = parser.parse_args()
    with open_database(options.scale) as url, ExitStack() as stack:
        samples = asyncio.run(draw_samples(url))
        servers = [stack.enter_context(run(name, url)) for name in options.servers.split(",")]
        asyncio.run(check(servers, samples, url))
        measurements = Measurements([server.name for server in servers])
        print(measurements.head())
        for operation in options.operations.split(","):
            for name, load in measure(
                servers, samples, operation, rounds=options.rounds, seconds=options.seconds
            ):
                measurements.add(operation, name, load)
            print(measurements.rows(operation), flush=True)
    if options.write:
        put_into_readme("table", measurements.table())
        (FOLDER / "results.svg").write_text(draw(measurements))


if __name__ == "__main__":
    main()
