"""What is counted of spans."""

from exchange.spans.receiving import Received
from server.metrics import Metrics


class SpanMetrics:
    """Counts the spans that were received, by what became of them."""

    def __init__(self, metrics: Metrics) -> None:
        self._spans = metrics.own_counter(
            "sessiongraph_otlp_spans",
            "Spans by what became of them; one that waits is counted again when it is recorded.",
            ["result"],
        )

    def count(self, received: Received) -> None:
        """Count what became of the spans of an export, or of those that had waited."""
        results = {
            "recorded": received.recorded,
            "waiting": received.waiting,
            "duplicate": received.duplicate,
            "ignored": received.ignored,
            "rejected": len(received.refusals),
        }
        for result, number in results.items():
            if number:
                self._spans.labels(result).inc(number)
