"""What is counted of operations."""

from bisect import bisect_left

from server.metrics import Metrics
from server.operations.operation_record import OperationRecord

MAX_NAMES = 100
"""Clients make up the names of operations. So many have figures of their own, in the order in which
they come; all later ones are `other` together."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_KEYS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000)


class _Tally:
    """Operations of the same labels that have ended since Prometheus was last told."""

    __slots__ = ("buckets", "ended", "seconds")

    def __init__(self) -> None:
        self.ended = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(_SECONDS) + 1)


class OperationMetrics:
    """Counts operations that have ended.

    All is kept in plain numbers and given to Prometheus's client when it is read: to count there
    takes 3 % of a small operation's time, and to look labels up as much again.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._ended = metrics.labelled_counter(
            "sessiongraph_operations",
            "Operations that have ended, refused ones included; `code` is that of the first error.",
            ["kind", "operation", "code"],
        )
        self._seconds = metrics.histogram(
            "sessiongraph_operation_duration_seconds",
            "From when a request had arrived until its answer was written; no subscriptions.",
            _SECONDS,
            ["kind", "operation"],
        )
        self._limits = metrics.labelled_counter(
            "sessiongraph_limits_refused",
            "Operations that were refused for going over a limit.",
            ["limit"],
        )
        self._batches = metrics.histogram(
            "sessiongraph_loader_batch_keys", "Keys in a batch of a loader.", _KEYS
        )
        self._statements = self._rows = self._sent_bytes = self._refused_callers = 0
        self._waited = 0.0
        metrics.counter(
            "sessiongraph_statements",
            "SQL statements that operations sent, without those that begin and end transactions.",
            lambda: self._statements,
        )
        metrics.counter(
            "sessiongraph_rows",
            "Rows that PostgreSQL gave to plans and mutations.",
            lambda: self._rows,
        )
        metrics.counter(
            "sessiongraph_connection_wait_seconds",
            "Time that operations waited for a connection to PostgreSQL.",
            lambda: self._waited,
        )
        metrics.counter(
            "sessiongraph_response_bytes",
            "Bytes of answers that were sent.",
            lambda: self._sent_bytes,
        )
        metrics.counter(
            "sessiongraph_authentication_failures",
            "Requests without a key, or with one that is unknown.",
            lambda: self._refused_callers,
        )
        self._names: set[str] = set()
        self._tallies: dict[tuple[str | None, str | None, str | None], _Tally] = {}
        metrics.before_reading(self._tell)

    def count(self, record: OperationRecord, seconds: float | None) -> None:
        """Count an operation that has ended, and how long it took."""
        self._statements += record.statements
        self._rows += record.rows
        self._waited += record.waited
        self._sent_bytes += record.sent_bytes
        name = record.name
        if name is not None and name not in self._names:
            name = self._known(name)
        labels = record.kind, name, record.code
        tally = self._tallies.get(labels)
        if tally is None:
            tally = self._tallies[labels] = _Tally()
        tally.ended += 1
        if seconds is not None:
            tally.seconds += seconds
            tally.buckets[bisect_left(_SECONDS, seconds)] += 1
        for size in record.batches:
            self._batches.observe(size)
        if record.code is not None:
            self._count_refusal(record)

    def _count_refusal(self, record: OperationRecord) -> None:
        if record.code == "UNAUTHENTICATED":
            self._refused_callers += 1
        if record.limit is not None:
            self._limits.labels(record.limit).inc()

    def _known(self, name: str) -> str:
        if len(self._names) >= MAX_NAMES:
            return "other"
        self._names.add(name)
        return name

    def _tell(self) -> None:
        tallies, self._tallies = self._tallies, {}
        for (kind, name, code), tally in tallies.items():
            self._ended.labels(kind or "none", name or "", code or "").inc(tally.ended)
            if any(tally.buckets):
                self._seconds.labels(kind or "none", name or "").add(tally.buckets, tally.seconds)
