"""What was measured, and how it is told: medians over the rounds, and ratios within them."""

from dataclasses import dataclass, field
from statistics import median

from bench.load import Load

LIMIT, OURS = "limit", "sessiongraph"
_HEAD = ("operation", "server", "requests/s", "lowest-highest", "p50 ms", "p99 ms", "CPU ms")


@dataclass
class Measurements:
    """The loads of each operation and server, one a round."""

    servers: list[str]
    _loads: dict[tuple[str, str], list[Load]] = field(default_factory=dict)

    def add(self, operation: str, server: str, load: Load) -> None:
        """Add a round."""
        self._loads.setdefault((operation, server), []).append(load)

    @property
    def operations(self) -> list[str]:
        """The operations that were measured."""
        return list(dict.fromkeys(operation for operation, _ in self._loads))

    def rate(self, operation: str, server: str) -> float:
        """Give the median of answers a second."""
        return median(load.rate for load in self._loads[operation, server])

    def ratio(self, operation: str, server: str, other: str) -> float | None:
        """Give the median over the rounds of a server's rate against another's in the same round.

        None where the other was not measured.
        """
        mine = self._loads[operation, server]
        others = self._loads.get((operation, other), [])
        ratios = [one.rate / another.rate for one, another in zip(mine, others, strict=False)]
        return median(ratios) if ratios else None

    @staticmethod
    def head() -> str:
        """Write the head of the Markdown table."""
        names = (*_HEAD, f"of {LIMIT}", f"of {OURS}")
        return f"{_line(names)}\n{_line(('---', '---', *['---:'] * 7))}"

    def rows(self, operation: str) -> str:
        """Write the table's lines of an operation."""
        return "\n".join(_line(self._cells(operation, server)) for server in self.servers)

    def table(self) -> str:
        """Write the Markdown table."""
        return "\n".join([self.head(), *map(self.rows, self.operations)])

    def _cells(self, operation: str, server: str) -> tuple[str, ...]:
        loads = self._loads[operation, server]
        rates = [load.rate for load in loads]
        ratios = [self.ratio(operation, server, other) for other in (LIMIT, OURS)]
        return (
            operation,
            server,
            figure(median(rates)),
            f"{figure(min(rates))}-{figure(max(rates))}",
            figure(median(load.p50 for load in loads)),
            figure(median(load.p99 for load in loads)),
            figure(median(load.processor for load in loads)),
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
        )


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def figure(value: float) -> str:
    """Write a figure with about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004
