"""Compare servers on the same database: requests a second, and how long an answer takes.

    python -m bench.compare [--scale 1] [--servers limit,sessiongraph,...]
                            [--operations point,page,tree,write] [--rounds 3] [--seconds 3]

All servers run, one process each, and are put under load one at a time, in turns: what the machine
does besides then shows as a spread over the rounds, and not in one server's figures. Before that
their answers are compared.
"""

import argparse
import asyncio
from contextlib import ExitStack

from sqlalchemy.engine import URL

from bench.answers import check_write, compare, read_answers
from bench.database import connection_to, open_database
from bench.load import CLIENTS, put_under_load
from bench.measurements import Measurements
from bench.operations import OPERATIONS, Samples, draw_samples, make_bodies
from bench.servers import SERVERS, RunningServer, run

_WARM_SECONDS = 2
_LONGEST_SECONDS = 20


async def check(servers: list[RunningServer], samples: Samples, url: URL) -> None:
    """Raise `WrongAnswerError` unless all servers give the same rows and write the same."""
    first, *others = servers
    expected = await read_answers(first, samples)
    for server in others:
        compare(server.name, await read_answers(server, samples), first.name, expected)
    async with connection_to(url) as connection:
        for server in servers:
            await check_write(server, samples["write"][0], connection)


def measure(
    servers: list[RunningServer],
    samples: Samples,
    operations: list[str],
    rounds: int,
    seconds: float,
) -> Measurements:
    """Put each server under the load of each operation, round by round."""
    measured = Measurements([server.name for server in servers], operations)
    for operation in operations:
        bodies = {
            server.name: make_bodies(server.server.dialect, operation, samples[operation])
            for server in servers
        }
        spans = {}
        for server in servers:
            address = server.address_of(operation)
            warm = put_under_load(address, bodies[server.name], _WARM_SECONDS)
            # a slow server needs longer until each client has had some answers
            spans[server.name] = max(seconds, min(_LONGEST_SECONDS, 3 * CLIENTS / (warm.rate or 1)))
            server.wait_until_idle()
        for _ in range(rounds):
            for server in servers:
                address = server.address_of(operation)
                load = put_under_load(address, bodies[server.name], spans[server.name])
                server.wait_until_idle()
                measured.add(operation, server.name, load)
        print(measured.table([operation]), flush=True)
    return measured


def main() -> None:
    """Fill, start, check, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare")
    parser.add_argument("--scale", type=float, default=1, help="1 is 20,000 sessions")
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--operations", default=",".join(OPERATIONS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each window")
    options = parser.parse_args()
    with open_database(options.scale) as url, ExitStack() as stack:
        samples = asyncio.run(draw_samples(url))
        servers = [stack.enter_context(run(name, url)) for name in options.servers.split(",")]
        asyncio.run(check(servers, samples, url))
        measure(servers, samples, options.operations.split(","), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
