"""What was measured, and how it is told: a table of medians and of ratios within rounds."""

from dataclasses import dataclass, field
from statistics import median

from bench.load import Load

LIMIT, OURS = "limit", "sessiongraph"


@dataclass
class Measurements:
    """The loads of each operation and server, one a round."""

    servers: list[str]
    operations: list[str]
    _loads: dict[tuple[str, str], list[Load]] = field(default_factory=dict)

    def add(self, operation: str, server: str, load: Load) -> None:
        """Add a round. Raises `AssertionError` where answers failed: such a figure says nothing."""
        assert load.failures == 0, f"{server}, {operation}: {load.failures} failed"
        self._loads.setdefault((operation, server), []).append(load)

    def rate(self, operation: str, server: str) -> float:
        """Give the median of answers a second."""
        return median(load.rate for load in self._loads[operation, server])

    def ratio(self, operation: str, server: str, other: str) -> float | None:
        """Give the median over the rounds of a server's rate against another's in the same round.

        None where either was not measured.
        """
        mine, others = (self._loads.get((operation, name)) for name in (server, other))
        if not mine or not others:
            return None
        return median(one.rate / another.rate for one, another in zip(mine, others, strict=True))

    def table(self, operations: list[str] | None = None) -> str:
        """Write a Markdown table with a line for each operation and server."""
        head = ("operation", "server", "requests/s", "lowest-highest", "p50 ms", "p99 ms")
        rows: list[tuple[str, ...]] = [
            (*head, f"of {LIMIT}", f"of {OURS}"),
            ("---", "---", *["---:"] * 6),
        ]
        rows += [
            self._row(operation, server)
            for operation in operations or self.operations
            for server in self.servers
        ]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def _row(self, operation: str, server: str) -> tuple[str, ...]:
        loads = self._loads[operation, server]
        rates = [load.rate for load in loads]
        ratios = [self.ratio(operation, server, other) for other in (LIMIT, OURS)]
        return (
            operation,
            server,
            _figure(median(rates)),
            f"{_figure(min(rates))}-{_figure(max(rates))}",
            _figure(median(load.p50 for load in loads)),
            _figure(median(load.p99 for load in loads)),
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
        )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004
