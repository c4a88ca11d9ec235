"""How much memory a server process takes: under the page's load for long, and for a large answer.

    python -m bench.soak [--minutes 10] [--scale 1] [--write]

Fails if memory grows without bound: if over the last quarter of the time it is more than a tenth
above that of the second quarter.
"""

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from time import sleep

import httpx2
import psutil

from bench.database import open_database
from bench.load import put_under_load
from bench.measurements import OURS, figure
from bench.operations import make_bodies
from bench.report import put_into_readme
from bench.servers import RunningServer, run

_WARM_SECONDS = 15
_GROWTH = 1.1
_LARGE_PAGES = 10
"""Of 200 sessions, which make an answer of about 20 MB."""


def soak(server: RunningServer, seconds: int) -> tuple[str, bool]:
    """Sample memory each second under load; tell, and whether it stays bounded."""
    bodies = make_bodies(server.server.dialect, "page", [])
    address = server.address_of("page")
    put_under_load(address, bodies, _WARM_SECONDS, check=True)
    samples = [_megabytes(server.process)]
    with ThreadPoolExecutor(1) as executor:
        loading = executor.submit(put_under_load, address, bodies, seconds)
        while not loading.done():
            sleep(1)
            samples.append(_megabytes(server.process))
        load = loading.result()
    quarter = max(1, len(samples) // 4)
    early, late = mean(samples[quarter : 2 * quarter]), mean(samples[-quarter:])
    told = (
        f"{load.rate * seconds:,.0f} pages of {load.size / 1e3:,.0f} KB in {seconds / 60:.3g} min,"
        f" {load.failures} failed. Memory: {samples[0]:.0f} MB at the start,"
        f" {samples[-1]:.0f} at the end, {max(samples):.0f} at most;"
        f" on average {early:.0f} in the second quarter and {late:.0f} in the last."
    )
    return told, load.failures == 0 and late <= early * _GROWTH


def ask_for_much(server: RunningServer) -> str:
    """Ask a server for one large answer and tell what memory it takes."""
    (page,) = make_bodies(server.server.dialect, "page", [])
    put_under_load(server.address_of("page"), [page], 1)
    server.wait_until_idle()
    query = str(json.loads(page)["query"])
    fields = query[query.index("{") + 1 : query.rindex("}")]
    # a message has one tool call at most: so it stays below the limit of cost
    fields = fields.replace("first: 50", "first: 200").replace("toolCalls", "toolCalls(first: 1)")
    large = " ".join(f"page{number}: {fields}" for number in range(_LARGE_PAGES))
    before = _megabytes(server.process)
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")  # the peak starts anew
    answer = httpx2.post(
        server.address_of("page"), json={"query": f"{{ {large} }}"}, timeout=60
    ).raise_for_status()
    if b'"errors"' in answer.content:
        raise ValueError(answer.text[:1000])
    peak = _peak_megabytes(server.process)
    size = len(answer.content) / 1e6
    return (
        f"An answer of {size:.1f} MB: {before:.0f} MB before, {peak:.0f} at most"
        f" ({figure((peak - before) / size)} bytes of memory for a byte of the answer),"
        f" {_megabytes(server.process):.0f} after."
    )


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


def _peak_megabytes(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    kibibytes = status.partition("VmHWM:")[2].split()[0]
    return int(kibibytes) * 1024 / 1e6


def main() -> None:
    """Soak, ask for much, and print both."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--scale", type=float, default=1, help="1 is 20,000 sessions")
    parser.add_argument("--write", action="store_true", help="into README.md")
    options = parser.parse_args()
    with open_database(options.scale) as url:
        with run(OURS, url) as server:
            large = ask_for_much(server)
        print(large, flush=True)
        with run(OURS, url) as server:
            soaked, is_bounded = soak(server, round(options.minutes * 60))
        print(soaked, flush=True)
    if options.write:
        put_into_readme("soak", f"{large}\n\n{soaked}")
    if not is_bounded:
        raise SystemExit("Memory grows without bound, or answers failed.")


if __name__ == "__main__":
    main()
