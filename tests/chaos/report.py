"""What a run tells of itself, which pytest shows of a test that failed, or with -s."""

import sys
from collections.abc import Iterable

from tests.chaos.restarted_server import RestartedServer
from tests.chaos.retrying_writer import Progress


def tell(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(progress: Progress, servers: Iterable[RestartedServer]) -> None:
    """Print what became of the requests and of the servers."""
    tell(f"{progress.acknowledged} mutations acknowledged; requests ended as follows:")
    for end, count in sorted(progress.seen.items()):
        tell(f"{count:7} {end}")
    tell(f"The longest answer took {progress.longest_seconds:.1f} s.")
    for server in servers:
        tell(f"Server processes ended: {dict(server.ends)}")
