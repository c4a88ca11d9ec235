"""How time grows: with the rows in the database, and with the rows in a page.

    python -m bench.growth [--scale 1] [--rounds 3] [--seconds 3] [--write]

First the same operations on ten times the rows, two servers and databases in turns. Then the page
with more and more sessions.
"""

import argparse
import asyncio
from contextlib import ExitStack
from statistics import median

from bench.compare import measure, warm_up
from bench.database import open_database
from bench.load import put_under_load
from bench.measurements import OURS, figure
from bench.operations import OPERATIONS, draw_samples, make_bodies
from bench.report import put_into_readme
from bench.servers import RunningServer, run

_FACTOR = 10
_SESSIONS = (10, 25, 50, 100, 200)
_PAGE = b"sessions(first: 50)"


def compare_databases(scale: float, rounds: int, seconds: float) -> str:
    """Measure both databases in turns; give a Markdown table."""
    lines = [
        f"| operation | ms | ms on {_FACTOR} times the rows | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    with ExitStack() as stack:
        stores = []
        for size in (scale, scale * _FACTOR):
            url = stack.enter_context(open_database(size))
            samples = asyncio.run(draw_samples(url))
            stores.append((stack.enter_context(run(OURS, url)), samples))
        for operation in OPERATIONS:
            turns = zip(
                *(
                    measure([server], samples, operation, rounds=rounds, seconds=seconds)
                    for server, samples in stores
                ),
                strict=True,
            )
            times = [tuple(1e3 / load.rate for _, load in turn) for turn in turns]
            small, large = (median(column) for column in zip(*times, strict=True))
            ratio = median(large / small for small, large in times)
            lines.append(f"| {operation} | {figure(small)} | {figure(large)} | {ratio:.2f} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def compare_pages(server: RunningServer, rounds: int, seconds: float) -> str:
    """Measure pages of more and more sessions in turns; give a Markdown table."""
    (page,) = make_bodies(server.server.dialect, "page", [])
    if _PAGE not in page:
        raise ValueError(f"The page does not ask for {_PAGE.decode()}.")
    bodies = {size: page.replace(_PAGE, b"sessions(first: %d)" % size) for size in _SESSIONS}
    warm = {size: warm_up(server, "page", [body]) for size, body in bodies.items()}
    times: dict[int, list[float]] = {size: [] for size in _SESSIONS}
    for _ in range(rounds):
        for size, body in bodies.items():
            load = put_under_load(server.address_of("page"), [body], seconds)
            times[size].append(1e3 / load.rate)
            server.wait_until_idle()
    lines = ["| sessions | KB | ms | ms a session |", "| ---: | ---: | ---: | ---: |"]
    for size in _SESSIONS:
        cells = (warm[size].size / 1e3, median(times[size]), median(times[size]) / size)
        lines.append(f"| {size} | {' | '.join(map(figure, cells))} |")
    print("\n".join(lines), flush=True)
    return "\n".join(lines)


def main() -> None:
    """Measure both kinds of growth and print them."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--scale", type=float, default=1, help="1 is 20,000 sessions")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each window")
    parser.add_argument("--write", action="store_true", help="into README.md")
    options = parser.parse_args()
    with open_database(options.scale) as url, run(OURS, url) as server:
        pages = compare_pages(server, options.rounds, options.seconds)
    rows = compare_databases(options.scale, options.rounds, options.seconds)
    if options.write:
        put_into_readme("growth", f"{rows}\n\n{pages}")


if __name__ == "__main__":
    main()
