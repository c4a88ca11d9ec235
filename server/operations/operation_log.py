"""Where operations end, whatever brought them: a line of the log, and the metrics."""

from hashlib import sha256
from logging import INFO
from typing import Any

import structlog

from resolvers.database_use import database_use
from server.operations.operation_metrics import OperationMetrics
from server.operations.operation_record import OperationRecord

_log = structlog.get_logger()


class OperationLog:
    """Begins and ends operations. Each transport calls both once for each."""

    def __init__(self, metrics: OperationMetrics, slow_seconds: float) -> None:
        self._metrics = metrics
        self._slow_seconds = slow_seconds

    @property
    def has_lines(self) -> bool:
        """Whether each operation has a line, and not only what went wrong."""
        return bool(_log.is_enabled_for(INFO))

    def begin(self) -> OperationRecord:
        """Make the record of an operation that the current task is to run."""
        record = OperationRecord()
        database_use.set(record)
        return record

    def end(self, record: OperationRecord, event: str = "operation", **facts: Any) -> None:
        """Log an operation that has ended, with what its transport knows of it, and count it."""
        if self.has_lines:
            _log.info(event, **record.facts, **facts)
        seconds = record.seconds
        if seconds is not None and 0 < self._slow_seconds < seconds:
            _warn_of(record, seconds)
        self._metrics.count(record, seconds)


def _warn_of(record: OperationRecord, seconds: float) -> None:
    document = record.document
    _log.warning(
        "slow operation",
        **record.facts,
        milliseconds=round(seconds * 1000, 2),
        milliseconds_waiting=round(record.waited * 1000, 2),
        document=None if document is None else sha256(document.encode()).hexdigest(),
    )
