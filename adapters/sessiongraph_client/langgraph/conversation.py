"""What people see of a checkpoint: its messages, each once, and its state."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage, message_to_dict
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.messages import (
    describe,
    failure,
    messages_in,
    tool_call_ids,
    without_use,
)
from sessiongraph_client.langgraph.readable import clean, readable
from sessiongraph_client.langgraph.session_items import SessionItems
from sessiongraph_client.schema_types import BatchRecordInput

_MOST_THREADS = 1_000
_ROOT_CHANNEL = "__root__"
_ROOT, _ELSEWHERE = "root", "subgraph"
"""Where a message was recorded first; that the root has it too is told by one item more."""
MODULE = "langgraph"
"""The name of the module state that a namespace's checkpoints are the revisions of."""


@dataclass(frozen=True)
class CheckpointFacts:
    """What is known of a checkpoint beside its values."""

    thread_id: str
    namespace: str
    checkpoint_id: str
    parent_id: str | None
    metadata: Mapping[str, Any]


@dataclass
class Plan:
    """Records of messages, and the keys that say so."""

    records: list[BatchRecordInput] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


def channel_messages(values: Mapping[str, Any], channels: Iterable[str]) -> list[BaseMessage]:
    """Give the messages that these channels hold, in order."""
    found: list[BaseMessage] = []
    for channel in channels:
        if channel.startswith("__") and channel != _ROOT_CHANNEL:
            continue
        value = values.get(channel)
        found += messages_in(value.value if isinstance(value, _DeltaSnapshot) else value)
    return found


def state_record(facts: CheckpointFacts, values: Mapping[str, Any]) -> BatchRecordInput:
    """Make the record of a checkpoint as a revision of its namespace's state."""
    shown = {
        name: value.value if isinstance(value, _DeltaSnapshot) else value
        for name, value in values.items()
        if not name.startswith(("__pregel", "branch:"))
    }
    metadata = {name: value for name, value in facts.metadata.items() if name != "writes"}
    return {
        "upsertModuleState": {
            "session": names.session_of(facts.thread_id, facts.namespace),
            "moduleId": MODULE,
            "stateType": "checkpoint",
            "state": {
                "checkpointId": clean(facts.checkpoint_id),
                "parentCheckpointId": clean(facts.parent_id) if facts.parent_id else None,
                "metadata": readable(metadata),
                "values": readable(shown),
            },
            "transition": {
                "triggerType": clean(str(facts.metadata.get("source") or "checkpoint"))[:512],
                "triggerId": clean(facts.checkpoint_id)[:512],
            },
        }
    }


class Conversation:
    """Records each message of a thread once, whichever checkpoints and namespaces hold it.

    A message is known by its id, one without an id by what it says and how many before it say the
    same. An answer that a subgraph gave first is recorded in the thread's own session again,
    without its use, so that the thread reads as a whole.
    """

    def __init__(self, items: SessionItems) -> None:
        self._items = items
        self._recorded: OrderedDict[str, set[str]] = OrderedDict()

    def forget(self, thread_id: str) -> None:
        """Know nothing more of what is recorded of a thread."""
        self._recorded.pop(thread_id, None)

    def remember(self, thread_id: str, keys: Iterable[str]) -> None:
        """Know that the messages of these keys are recorded."""
        self._recorded.setdefault(thread_id, set()).update(keys)
        self._recorded.move_to_end(thread_id)
        while len(self._recorded) > _MOST_THREADS:
            self._recorded.popitem(last=False)

    async def plan(
        self, facts: CheckpointFacts, messages: Sequence[BaseMessage], *, used: bool = True
    ) -> Plan:
        """Make the records of those messages that are not recorded; `used` with what they used."""
        named = list(_named(messages))
        known = await self._known(facts, [key for key, _ in named])
        session = names.session_of(facts.thread_id, facts.namespace)
        told = {"checkpointId": clean(facts.checkpoint_id)}
        asked = tool_call_ids(messages)
        plan = Plan()
        for key, message in named:
            marks = [key, _in_root(key)] if not facts.namespace else [key]
            if key in known:
                if facts.namespace or _in_root(key) in known or _of_tools(message):
                    continue
                marks = [_in_root(key)]
            record = describe(session, message, told)
            if key in known or not used:
                record = without_use(record)
            if (error := failure(message)) is not None and record.get("toolCallId") in asked:
                plan.records.append(_failed(session, record.get("toolCallId") or "", error))
            plan.records.append({"recordMessage": record})
            plan.records.append(_mark(facts, marks[0]))
            plan.keys.update(marks)
            known.update(marks)
        return plan

    async def _known(self, facts: CheckpointFacts, keys: Sequence[str]) -> set[str]:
        """Give what is recorded; of a thread that is known here, what was recorded from here.

        If another process has recorded more, the server says so, and the thread is forgotten.
        """
        if facts.thread_id not in self._recorded:
            wanted = [*keys, *([] if facts.namespace else map(_in_root, keys))]
            root = names.session_of(facts.thread_id)
            found = await self._items.by_keys(root, names.MESSAGES, list(dict.fromkeys(wanted)))
            in_root = [_in_root(key) for key, item in found.items() if item.value == _ROOT]
            self.remember(facts.thread_id, [*found, *in_root])
        return set(self._recorded[facts.thread_id])


def _named(messages: Sequence[BaseMessage]) -> Iterable[tuple[str, BaseMessage]]:
    """Give each message with its key, of one id the last one only."""
    named: dict[str, BaseMessage] = {}
    for message in messages:
        if message.id:
            named[names.key_of("id", message.id)] = message
            continue
        digest = sha256(repr(message_to_dict(message)).encode("utf-8", "replace")).hexdigest()
        place = 0
        while names.key_of("same", digest, place) in named:
            place += 1
        named[names.key_of("same", digest, place)] = message
    return named.items()


def _in_root(key: str) -> str:
    return f"root {key}"


def _of_tools(message: BaseMessage) -> bool:
    """Whether a message asks for tool calls or answers one; those are counted once."""
    return isinstance(message, ToolMessage) or bool(tool_call_ids([message]))


def _failed(session: str, tool_call_id: str, error: str) -> BatchRecordInput:
    return {
        "recordToolCallResult": {
            "session": session,
            "toolCall": tool_call_id,
            "status": "FAILED",
            "errorMessage": error,
        }
    }


def _mark(facts: CheckpointFacts, key: str) -> BatchRecordInput:
    return {
        "putSessionItem": {
            "session": names.session_of(facts.thread_id),
            "collection": names.MESSAGES,
            "key": key,
            "value": _ELSEWHERE if facts.namespace else _ROOT,
            "expectedRevision": 0,
        }
    }
