"""Compare the stores of agent frameworks with ours for them: turns of a conversation a second.

    python -m bench.framework_stores [--rounds 3] [--seconds 5] [--write]

The frameworks do the same work on each store, eight conversations at a time, and the stores are
measured in turns: `adapters/compare_stores.py`, which runs in the environment of the adapters. The
stores on PostgreSQL have a database beside ours, in the same PostgreSQL, with a disk's `fsync`; so
have ours, behind one server process.
"""

import argparse
import asyncio
import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from sqlalchemy.engine import URL

from bench.database import ROOT, address, connection_to
from bench.report import put_into
from bench.servers import run
from server.embedded_postgres import embedded_postgres

_ADAPTERS = ROOT / "adapters"
_GUIDE = ROOT / "docs" / "guides" / "agent-frameworks.md"
_OURS = "Sessiongraph"


def measure(rounds: int, seconds: float) -> dict[str, dict[str, list[float]]]:
    """Start what is needed, and give the rates by kind of work and store."""
    with tempfile.TemporaryDirectory(prefix="sessiongraph-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user where this runs as root
        with embedded_postgres(Path(folder)) as url:
            for name in ("ours", "theirs"):
                asyncio.run(_create_database(url, name))
            with run("sessiongraph", url.set(database="ours")) as server:
                command = [
                    str(_ADAPTERS / ".venv" / "bin" / "python"),
                    "compare_stores.py",
                    *("--server", server.address),
                    *("--postgres", _libpq(url.set(database="theirs"))),
                    *("--rounds", str(rounds), "--seconds", str(seconds)),
                ]
                printed = subprocess.run(
                    command, cwd=_ADAPTERS, stdout=subprocess.PIPE, text=True, check=True
                )
    rates: dict[str, dict[str, list[float]]] = json.loads(printed.stdout)
    return rates


async def _create_database(url: URL, name: str) -> None:
    async with connection_to(url) as connection:
        await connection.execute(f"CREATE DATABASE {name}")


def _libpq(url: URL) -> str:
    return address(url.set(drivername="postgresql"))


def table(rates: dict[str, dict[str, list[float]]]) -> str:
    """Write the rates as a table, each store's beside ours."""
    lines = [
        "| work | store | a second | lowest-highest | of Sessiongraph |",
        "|---|---|---:|---:|---:|",
    ]
    for kind, stores in rates.items():
        ours = median(stores[_OURS])
        for store, rounds in stores.items():
            rate, least, most = median(rounds), min(rounds), max(rounds)
            lines.append(
                f"| {kind} | {store} | {rate:,.0f} | {least:,.0f}-{most:,.0f} | {rate / ours:.2f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/guides/agent-frameworks.md")
    chosen = parser.parse_args()
    made = table(measure(chosen.rounds, chosen.seconds))
    print(made)
    if chosen.write:
        put_into(_GUIDE, "table", made)
