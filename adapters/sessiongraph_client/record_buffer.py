"""Records that wait in memory, so that who makes them does not wait for the server."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Self
from uuid import uuid4

from sessiongraph_client.client import BATCH_LIMIT, SessiongraphClient
from sessiongraph_client.errors import SessiongraphError, Unavailable
from sessiongraph_client.schema_types import BatchRecordInput

_WAIT_SECONDS = 0.1
_logger = logging.getLogger(__name__)


class RecordBuffer:
    """A bounded buffer of records, sent in order, up to a thousand at a time.

    Records wait a tenth of a second for others, and behind the batch that is under way.
    What `put` has taken is recorded once, however long the server is away: a batch is sent again
    with its idempotency key until it is answered. The buffer is in memory: what it holds is lost
    if this process is killed, so `aclose`, or leave the `async with` block, before it ends.
    A record that the server refuses is told to the log of this module and left out, for nobody
    waits for it. All calls belong to one event loop.
    """

    def __init__(self, client: SessiongraphClient, *, capacity: int = 10_000) -> None:
        self._client = client
        self._capacity = capacity
        self._waiting: deque[BatchRecordInput] = deque()
        self._changed = asyncio.Condition()
        self._sending: asyncio.Task[None] | None = None
        self._in_haste = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def put(self, records: Sequence[BatchRecordInput]) -> None:
        """Take records, once there is room for them."""
        for record in records:
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._waiting) < self._capacity)
                self._waiting.append(record)
                if self._must_go():
                    self._changed.notify_all()
            if self._sending is None or self._sending.done():
                self._sending = asyncio.create_task(self._send())

    async def flush(self) -> None:
        """Wait until all that was taken is recorded."""
        async with self._changed:
            self._in_haste += 1
            self._changed.notify_all()
            try:
                await self._changed.wait_for(lambda: not self._waiting)
            finally:
                self._in_haste -= 1

    async def aclose(self) -> None:
        """Wait until all that was taken is recorded, as `flush` does."""
        await self.flush()

    async def _send(self) -> None:
        while self._waiting:
            await self._wait_for_others()
            batch = list(islice(self._waiting, BATCH_LIMIT))
            await self._record(batch)
            async with self._changed:
                for _ in batch:
                    self._waiting.popleft()
                self._changed.notify_all()

    def _must_go(self) -> bool:
        full = len(self._waiting) >= min(BATCH_LIMIT, self._capacity)
        return full or self._in_haste > 0

    async def _wait_for_others(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS), self._changed:
                await self._changed.wait_for(self._must_go)

    async def _record(self, batch: list[BatchRecordInput]) -> None:
        key = str(uuid4())
        while True:
            try:
                results = await self._client.record_batch(batch, partial=True, idempotency_key=key)
            except Unavailable as error:
                _logger.warning("%s records wait for the server: %s", len(batch), error)
                continue
            except SessiongraphError:
                _logger.exception("%s records were refused", len(batch))
                return
            for record, result in zip(batch, results, strict=True):
                if refusal := result["error"]:
                    _logger.error("%s was refused: %s", ", ".join(record), refusal["message"])
            return
