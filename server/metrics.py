"""Figures for Prometheus, of this server process or of all workers together.

Adding one is a line: `metrics.gauge("sessiongraph_streams", "Streams that are open.", count)`.
What others keep as plain numbers is read when Prometheus asks. Workers write theirs to files of one
folder, each under the number of its place, so that a worker that takes the place of another counts
on from there; whichever worker is asked answers with the sum.
"""

import os
from asyncio import create_task, sleep
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import Response

_REFRESH_SECONDS = 1.0
"""How often a worker writes to its files what is kept elsewhere."""
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

disable_created_metrics()  # type: ignore[no-untyped-call]


def share_with_other_workers(folder: str, place: int) -> None:
    """Keep this process's figures in a folder; to be called before any are made."""
    os.environ[_FOLDER] = folder
    make: Any = values.MultiProcessValue  # which has no types
    values.ValueClass = make(lambda: place)


def forget_worker(folder: str, place: int) -> None:
    """Drop what rises and falls of a worker that has ended."""
    mark_process_dead(place, folder)  # type: ignore[no-untyped-call]


class TalliedHistogram(Histogram):
    """A histogram that takes many values at once.

    To observe one by one costs ten times as much as to count them in a list.
    """

    def add(self, tally: Sequence[int], total: float) -> None:
        """Add how many values fell into each bucket, and their sum."""
        for bucket, count in zip(self._buckets, tally, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._read: list[Callable[[], None]] = []

    @property
    def is_shared(self) -> bool:
        """Whether the figures are those of several processes."""
        return values.ValueClass is not values.MutexValue

    def gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Add a figure that rises and falls, read where it is kept; workers' are added up."""
        gauge = Gauge(name, description, registry=self._registry, multiprocess_mode="livesum")
        self._read.append(lambda: gauge.set(read()))

    def counter(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Add a figure that only rises, from 0 in each process, read where it is kept."""
        counter = Counter(name, description, registry=self._registry)
        last = 0.0

        def refresh() -> None:
            nonlocal last
            now = read()
            counter.inc(now - last)
            last = now

        self._read.append(refresh)

    def own_counter(self, name: str, description: str, labels: Sequence[str] = ()) -> Counter:
        """Add a counter, of each value of labels, that whoever adds it raises."""
        return Counter(name, description, labels, registry=self._registry)

    def histogram(
        self, name: str, description: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> TalliedHistogram:
        """Add a histogram with the upper bounds of its buckets; the last one has none."""
        return TalliedHistogram(name, description, labels, registry=self._registry, buckets=buckets)

    def before_reading(self, action: Callable[[], None]) -> None:
        """Do something each time before the figures are read."""
        self._read.append(action)

    def refresh(self) -> None:
        """Read what is kept elsewhere."""
        for read in self._read:
            read()

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """Read it for other workers as well, until the block ends."""
        if not self.is_shared:
            yield
            return

        async def refresh_again_and_again() -> None:
            while True:
                self.refresh()
                await sleep(_REFRESH_SECONDS)

        refreshing = create_task(refresh_again_and_again())
        try:
            yield
        finally:
            refreshing.cancel()
            self.refresh()

    def write(self) -> bytes:
        """Write all figures in Prometheus's text format."""
        self.refresh()
        registry = self._registry
        if self.is_shared:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, os.environ[_FOLDER])  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    async def answer(self, _request: Request) -> Response:
        """Answer Prometheus."""
        return Response(self.write(), headers={"content-type": CONTENT_TYPE_LATEST})
