"""Reads of a store's items as accesses of their memories."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from langchain_core.runnables.config import var_child_runnable_config

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.readable import clean, readable
from sessiongraph_client.record_buffer import RecordBuffer
from sessiongraph_client.schema_types import BatchRecordInput

_SESSION = """query LanggraphAccessSession($session: ID!) { session(id: $session) { id } }"""


def running_thread() -> str | None:
    """Give the thread of the graph that runs here; None where none runs."""
    config = var_child_runnable_config.get()
    thread_id = (config or {}).get("configurable", {}).get("thread_id")
    return None if thread_id is None else str(thread_id)


class StoreAccesses:
    """Records accesses by a buffer for each event loop, for nobody waits for them."""

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._known: set[str] = set()
        self._buffers: WeakKeyDictionary[asyncio.AbstractEventLoop, RecordBuffer] = (
            WeakKeyDictionary()
        )

    async def record(self, accesses: Sequence[Mapping[str, Any]], thread_id: str | None) -> None:
        """Take accesses to be recorded; those of a thread stand in its session."""
        if not accesses:
            return
        records: list[BatchRecordInput] = []
        session = None if thread_id is None else names.session_of(thread_id)
        if session is not None and session not in self._known:
            records += await self._missing(session)
            self._known.add(session)
        for access in accesses:
            told: dict[str, Any] = {**access, "accessorType": "AGENT"}
            if "queryText" in told:
                told["queryText"] = clean(told["queryText"])
            if "context" in told:
                told["context"] = readable(told["context"])
            if session is not None:
                told["session"] = session
            record: BatchRecordInput = {"recordMemoryAccess": told}  # type: ignore[typeddict-item]  # its keys
            records.append(record)
        await self._buffer().put(records)

    async def flush(self) -> None:
        """Wait until what this event loop has taken is recorded."""
        await self._buffer().flush()

    def _buffer(self) -> RecordBuffer:
        loop = asyncio.get_running_loop()
        if loop not in self._buffers:
            self._buffers[loop] = RecordBuffer(self._client)
        return self._buffers[loop]

    async def _missing(self, session: str) -> list[BatchRecordInput]:
        """Make the record of a thread's session, as the checkpointer does, if there is none yet."""
        if (await self._client.query(_SESSION, session=session))["session"] is not None:
            return []
        return [{"createSession": {"sessionId": session, "source": names.SOURCE}}]
