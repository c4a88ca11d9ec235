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

    __slots__ = ("buckets", "ended", "rows", "seconds", "sent_bytes", "statements")

    def __init__(self) -> None:
        self.ended = self.statements = self.rows = self.sent_bytes = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(_SECONDS) + 1)


class OperationMetrics:
    """Counts operations that have ended.

    What every operation has is kept in plain numbers and given to Prometheus's client when it is
    read: to count there takes 3 % of a small operation's time, and looking labels up as much again.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._ended = metrics.own_counter(
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
        self._limits = metrics.own_counter(
            "sessiongraph_limits_refused",
            "Operations that were refused for going over a limit.",
            ["limit"],
        )
        self._batches = metrics.histogram(
            "sessiongraph_loader_batch_keys", "Keys in a batch of a loader.", _KEYS
        )
        self._statements = metrics.own_counter(
            "sessiongraph_statements",
            "SQL statements that operations sent, without those that begin and end transactions.",
        )
        self._rows = metrics.own_counter(
            "sessiongraph_rows", "Rows that PostgreSQL gave to plans and mutations."
        )
        self._sent_bytes = metrics.own_counter(
            "sessiongraph_response_bytes", "Bytes of answers that were sent."
        )
        self._waited = metrics.own_counter(
            "sessiongraph_connection_wait_seconds",
            "Time that operations waited for a free connection to PostgreSQL.",
        )
        self._refused_callers = metrics.own_counter(
            "sessiongraph_authentication_failures",
            "Requests without a key, or with one that is unknown.",
        )
        self._names: set[str] = set()
        self._tallies: dict[tuple[str | None, str | None, str | None], _Tally] = {}
        metrics.before_reading(self._tell)

    def count(self, record: OperationRecord, seconds: float | None) -> None:
        """Count an operation that has ended, and how long it took."""
        tally = self._tallies.get((record.kind, record.name, record.code)) or self._tally(record)
        tally.ended += 1
        tally.statements += record.statements
        tally.rows += record.rows
        tally.sent_bytes += record.sent_bytes
        if seconds is not None:
            tally.seconds += seconds
            tally.buckets[bisect_left(_SECONDS, seconds)] += 1
        if record.waited:
            self._waited.inc(record.waited)
        for size in record.batches:
            self._batches.observe(size)
        if record.code is not None:
            self._count_refusal(record)

    def _count_refusal(self, record: OperationRecord) -> None:
        if record.code == "UNAUTHENTICATED":
            self._refused_callers.inc()
        if record.limit is not None:
            self._limits.labels(record.limit).inc()

    def _tally(self, record: OperationRecord) -> _Tally:
        name = record.name
        if name is not None and name not in self._names:
            if len(self._names) < MAX_NAMES:
                self._names.add(name)
            else:
                name = "other"
        return self._tallies.setdefault((record.kind, name, record.code), _Tally())

    def _tell(self) -> None:
        tallies, self._tallies = self._tallies, {}
        for (kind, name, code), tally in tallies.items():
            self._ended.labels(kind or "none", name or "", code or "").inc(tally.ended)
            self._statements.inc(tally.statements)
            self._rows.inc(tally.rows)
            self._sent_bytes.inc(tally.sent_bytes)
            if any(tally.buckets):
                self._seconds.labels(kind or "none", name or "").add(tally.buckets, tally.seconds)
