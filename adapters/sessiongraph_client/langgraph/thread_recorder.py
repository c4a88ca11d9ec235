"""Records checkpoints and writes, with what people see of them."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.checkpoint.base import PendingWrite
from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import SessiongraphError
from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import Place, read_writes
from sessiongraph_client.langgraph.conversation import (
    CheckpointFacts,
    Conversation,
    Plan,
    channel_messages,
    state_record,
)
from sessiongraph_client.langgraph.interrupts import Interrupts
from sessiongraph_client.langgraph.messages import messages_in
from sessiongraph_client.langgraph.session_items import SessionItems
from sessiongraph_client.langgraph.thread_sessions import Overtaken, ThreadSessions
from sessiongraph_client.schema_types import BatchRecordInput

_logger = logging.getLogger(__name__)
_ATTEMPTS = 3


class ThreadRecorder:
    """Records what LangGraph must find again together with what people see.

    Whatever a graph holds, what people see never keeps LangGraph's own from being recorded: what
    cannot be described is told to the log of this module and left out.
    """

    def __init__(
        self, client: SessiongraphClient, items: SessionItems, *, conversation: bool
    ) -> None:
        self._items = items
        self._sessions = ThreadSessions(client)
        self._conversation = Conversation(items)
        self._interrupts = Interrupts(client)
        self._shown = conversation

    def forget(self, thread_id: str) -> None:
        """Know nothing more of a thread, for it was deleted."""
        self._sessions.forget(thread_id)
        self._conversation.forget(thread_id)

    def notice(self, thread_id: str, writes: Iterable[PendingWrite]) -> None:
        """Know whether a thread waits, from the writes that were read."""
        self._interrupts.notice(thread_id, ((channel, value) for _, channel, value in writes))

    async def checkpoint(
        self,
        facts: CheckpointFacts,
        own: Sequence[BatchRecordInput],
        values: Mapping[str, Any],
        changed: Iterable[str],
        serde: SerializerProtocol,
    ) -> None:
        """Record a checkpoint: its items, its state, its new messages."""
        if not self._shown:
            await self._sessions.record(facts.thread_id, [], own)
            return
        async with self._interrupts.turn(facts.thread_id):
            for _ in range(_ATTEMPTS):
                plan = await self._plan(facts, values, changed, serde)
                try:
                    await self._sessions.record(
                        facts.thread_id, [facts.namespace], own, plan.records
                    )
                except Overtaken:
                    self._conversation.forget(facts.thread_id)
                    continue
                self._conversation.remember(facts.thread_id, plan.keys)
                return
        await self._sessions.record(facts.thread_id, [], own)

    async def writes(
        self,
        place: Place,
        own: Sequence[BatchRecordInput],
        writes: Sequence[tuple[str, Any]],
        task_id: str,
    ) -> None:
        """Record a task's writes, and what they ask a person or answer."""
        async with self._interrupts.turn(place.thread_id, writes if self._shown else ()):
            seen: list[BatchRecordInput] = []
            try:
                if self._shown:
                    seen = await self._interrupts.of_writes(place, writes, task_id)
            except SessiongraphError:
                raise
            except Exception:
                _logger.exception("An interrupt cannot be shown")
            await self._sessions.record(place.thread_id, [], own, seen)

    async def conversation(
        self, facts: CheckpointFacts, values: Mapping[str, Any], further: BatchRecordInput
    ) -> None:
        """Record the messages and the state of a checkpoint that was copied to this thread."""
        if not self._shown:
            return
        messages = channel_messages(values, values)
        plan = await self._conversation.plan(facts, messages, used=False)
        records = [*plan.records, state_record(facts, values), further]
        await self._sessions.record(facts.thread_id, [facts.namespace], [], records)
        self._conversation.remember(facts.thread_id, plan.keys)

    async def items(self, thread_id: str, own: Sequence[BatchRecordInput]) -> None:
        """Record items of a thread alone."""
        await self._sessions.record(thread_id, [], own)

    async def _plan(
        self,
        facts: CheckpointFacts,
        values: Mapping[str, Any],
        changed: Iterable[str],
        serde: SerializerProtocol,
    ) -> Plan:
        try:
            state = state_record(facts, values)
            messages = channel_messages(values, changed)
            messages += await self._delta_messages(facts, values, changed, serde)
            plan = await self._conversation.plan(facts, messages)
            plan.records.append(state)
            plan.records += await self._interrupts.of_checkpoint(
                facts.thread_id, facts.namespace, facts.parent_id
            )
        except SessiongraphError:
            raise
        except Exception:
            _logger.exception("A checkpoint cannot be shown")
            return Plan()
        return plan

    async def _delta_messages(
        self,
        facts: CheckpointFacts,
        values: Mapping[str, Any],
        changed: Iterable[str],
        serde: SerializerProtocol,
    ) -> list[BaseMessage]:
        """Give the messages that delta channels got: from the writes at the parent."""
        delta = facts.metadata.get("counters_since_delta_snapshot") or {}
        channels = {each for each in changed if each in delta and each not in values}
        if not channels or facts.parent_id is None:
            return []
        collection = names.writes_of(facts.namespace, facts.parent_id)
        session = names.session_of(facts.thread_id)
        found = await self._items.of_collections(session, [collection])
        return [
            message
            for _, channel, value in read_writes(serde, found[collection])
            if channel in channels
            for message in messages_in(getattr(value, "value", value))
        ]
