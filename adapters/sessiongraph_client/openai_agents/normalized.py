"""The sessions, messages and tool calls that the framework's items tell of, as records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sessiongraph_client.openai_agents.item_reading import (
    Output,
    call_of,
    handed_to,
    kind_of,
    output_of,
    role_of,
    text_of,
)
from sessiongraph_client.openai_agents.run_hooks import SessiongraphRunHooks
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    RecordMessageInput,
    SessionKind,
    ToolCallInput,
)
from sessiongraph_client.stored_json import show_json, show_text

SOURCE = "openai-agents"
ITEM_KEYS = "openaiAgentsItems"
"""In a message's metadata: the keys of the items that it was made of."""
_MOST_OF_A_NAME = 100
_HANDOFF_PREFIX = "transfer_to_"


@dataclass
class Normalizer:
    """Reads items in order, and collects the records that a dashboard sees.

    `root` is the session that the framework knows, `current` the one whose turn it is: after a
    handoff that of the agent who took over, until a user speaks again. `calls` tells, by the
    framework's ids, the ids and tool names of calls that were recorded before; `recorded` are the
    calls that are not to be recorded again, since their approval was asked for already; a
    sub-agent's results of them are not either.
    """

    root: str
    current: str
    hooks: SessiongraphRunHooks
    calls: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    records: list[BatchRecordInput] = field(default_factory=list)
    _open: tuple[str, RecordMessageInput] | None = None
    """The response that is being read, and the reference to it: later calls of it join."""
    _keys: list[str] = field(default_factory=list)
    """Of the items that the last message was made of."""
    _made: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of each call read: the reference to it, and its tool's name."""

    def read(self, item: Any, key: str | None) -> dict[str, Any]:
        """Read an item that is kept under a key; give the metadata to keep it with.

        `session` is the session that its message is in if that is not the root, `next` the one
        that follows a handoff.
        """
        role = role_of(item)
        if role == "USER":
            self.current = self.root
        place = {} if self.current == self.root else {"session": self.current}
        if role is not None:
            self._say(role, item, key)
        elif (call := call_of(item)) is not None:
            self._call(call, item, key)
        elif (output := output_of(item)) is not None:
            self._answer(output, key)
            if self.current != place.get("session", self.root):
                place["next"] = self.current
        elif kind_of(item) != "reasoning":
            self._open = None
        return place

    def read_all(self, items: Sequence[Any]) -> None:
        """Read the items of a sub-agent, which the framework does not keep."""
        for item in items:
            self.read(item, None)

    def _say(self, role: Any, item: Mapping[str, Any], key: str | None) -> None:
        reference, message = self._add({"session": self.current, "role": role}, key)
        if (content := text_of(item.get("content"))) is not None:
            message["content"] = show_text(content)
        if item.get("status") == "incomplete":
            message["status"] = "INTERRUPTED"
        self._open = None
        if role == "ASSISTANT":
            self.hooks.describe(message, item)
            self._open = (reference, message)

    def _call(self, call: ToolCallInput, item: Any, key: str | None) -> None:
        call_id = call.get("toolCallId")
        if call_id in self.recorded:
            if key is not None:
                self.recorded.discard(call_id)
            return
        if self._open is None:
            self._open = self._add({"session": self.current, "role": "ASSISTANT"}, key)
        elif key is not None:
            self._keys.append(key)
        reference, message = self._open
        self.hooks.describe(message, item)
        calls = message.get("toolCalls") or []
        if call_id:
            self._made[call_id] = (f"{reference}.toolCalls.{len(calls)}", call["toolName"])
        message["toolCalls"] = [*calls, show_json(call)]

    def _answer(self, output: Output, key: str | None) -> None:
        self._open = None
        if key is None and output.call_id in self.recorded:
            return
        message: RecordMessageInput = {"session": self.current, "role": "TOOL"}
        message["content"] = show_text(output.content)
        call = None
        if output.call_id is not None:
            message["toolCallId"] = show_text(output.call_id)
            call = self._made.get(output.call_id) or self.calls.get(output.call_id)
        reference, tool_name = call or (None, None)
        if tool_name is not None:
            message["name"] = show_text(tool_name)
        self._add(message, key)
        self._record_sub_agent(output, reference)
        agent = handed_to(output)
        if agent is not None and (
            agent in self.hooks.handed_to or (tool_name or "").startswith(_HANDOFF_PREFIX)
        ):
            self.current = self._start_child(agent, "HANDOFF", reference)

    def _record_sub_agent(self, output: Output, reference: str | None) -> None:
        run = self.hooks.take_sub_agent(output.call_id) if output.call_id else None
        if run is None:
            return
        child = self._start_child(run.agent_name, "SUBAGENT", reference)
        reader = Normalizer(child, child, self.hooks, recorded=self.recorded, records=self.records)
        reader.read_all(run.items)

    def _start_child(self, agent: str, kind: SessionKind, call: str | None) -> str:
        name = show_text(agent)
        child = f"{self.root}/{name[:_MOST_OF_A_NAME]}/{uuid4().hex[:12]}"
        self.records += [
            {"createAgent": {"agentId": name, "name": name}},
            {
                "createSession": {
                    "sessionId": child,
                    "parent": self.current,
                    "kind": kind,
                    "agent": name,
                    "source": SOURCE,
                    "title": name,
                    "spawnedByToolCall": call,
                }
            },
        ]
        return child

    def _add(self, message: RecordMessageInput, key: str | None) -> tuple[str, RecordMessageInput]:
        reference = f"message-{len(self.records)}"
        self._keys = [] if key is None else [key]
        message["metadata"] = {ITEM_KEYS: self._keys}
        self.records.append({"reference": reference, "recordMessage": message})
        return reference, message
