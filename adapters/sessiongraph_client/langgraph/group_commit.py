"""Records of several callers in one `recordBatch`, each acknowledged after the commit."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import SessiongraphError, Unavailable
from sessiongraph_client.langgraph.requests import MOST_CHARACTERS, split
from sessiongraph_client.schema_types import BatchRecordInput

_MOST_UNDER_WAY = 2
_MOST_RECORDS = 200


@dataclass(eq=False)
class _Call:
    records: Sequence[BatchRecordInput]
    characters: int
    done: asyncio.Future[None]


@dataclass
class _Queue:
    """The calls of one event loop that wait, and the tasks that send them."""

    waiting: deque[_Call] = field(default_factory=deque)
    senders: set[asyncio.Task[None]] = field(default_factory=set)


class GroupCommit:
    """Records at once, or behind what is under way, together with others that wait for it.

    A request costs the server many times what one more record in it does. Each call's records are
    one transaction, or part of one; a call whose group is refused is recorded by itself.
    """

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    async def record(self, records: Sequence[BatchRecordInput]) -> None:
        """Record all or none, and return after the commit; raises what `client.record` raises.

        What is too large for one request is recorded by several, in order.
        """
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(loop, _Queue())
        for batch, characters in split(records):
            call = _Call(batch, characters, loop.create_future())
            queue.waiting.append(call)
            if len(queue.senders) < _MOST_UNDER_WAY:
                sender = loop.create_task(self._send(queue))
                queue.senders.add(sender)
                sender.add_done_callback(queue.senders.discard)
            await call.done

    async def _send(self, queue: _Queue) -> None:
        while queue.waiting:
            await self._record(_next_group(queue.waiting))

    async def _record(self, calls: Sequence[_Call]) -> None:
        try:
            await self._client.record([record for call in calls for record in call.records])
        except Exception as error:  # noqa: BLE001  whatever it is, the callers are told
            if len(calls) > 1 and _recorded_nothing(error):
                await asyncio.gather(*(self._record([call]) for call in calls))
                return
            for call in calls:
                if not call.done.done():
                    call.done.set_exception(error)
        except asyncio.CancelledError:
            for call in calls:
                call.done.cancel()
            raise
        for call in calls:
            if not call.done.done():
                call.done.set_result(None)


def _recorded_nothing(error: Exception) -> bool:
    """Whether the server has refused the records, or was never sent them."""
    if isinstance(error, SessiongraphError):
        return error.code != "" and not isinstance(error, Unavailable)
    return isinstance(error, (TypeError, ValueError))  # they cannot be written as JSON


def _next_group(waiting: deque[_Call]) -> list[_Call]:
    """Take the calls from the front that fit in one request; one at least."""
    calls = [waiting.popleft()]
    records, characters = len(calls[0].records), calls[0].characters
    while waiting:
        records += len(waiting[0].records)
        characters += waiting[0].characters
        if records > _MOST_RECORDS or characters > MOST_CHARACTERS:
            break
        calls.append(waiting.popleft())
    return calls
