"""The messages, tool calls, confirmations and events that a transcript's entries tell of."""

from dataclasses import dataclass, field
from typing import Any, cast

from sessiongraph_client.claude_agent_sdk.content import (
    Tokens,
    blocks_of,
    string_of,
    text_of,
    time_of,
)
from sessiongraph_client.claude_agent_sdk.progress import Progress
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    RecordMessageInput,
    ToolCallInput,
)
from sessiongraph_client.stored_json import show_json, show_text

_ASKING_TOOLS = {"AskUserQuestion": "question", "ExitPlanMode": "plan"}
"""The tools that are a question to a person, and the argument that tells what is asked."""
_REFUSALS = (
    "The user doesn't want to proceed with this tool use.",
    "The user doesn't want to take this action right now.",
    "[Request interrupted by user for tool use]",
    "Claude requested permissions to ",
)
"""How the result begins of a call that a person did not permit, where nothing else tells it."""
_FLAGS = ("isMeta", "isCompactSummary", "isSidechain", "isVisibleInTranscriptOnly", "requestId")
_OF_EVERY_ENTRY = {
    *("type", "subtype", "uuid", "timestamp", "sessionId", "parentUuid", "cwd", "version"),
    *("gitBranch", "userType", "entrypoint", "slug", "isSidechain", "agentId", "promptId"),
}
_LONGEST_NAME = 512
_MOST_CALLS = 1_000


@dataclass
class _Response:
    """A model's response, put together from its entries: one for each block of it."""

    entry: dict[str, Any]
    keys: list[str] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    message: dict[str, Any] = field(default_factory=dict)
    """The message of the last entry, whose usage is the whole response's so far."""


class Conversation:
    """Makes the records of a transcript's entries, in order."""

    def __init__(
        self, session: str, progress: Progress, asked: dict[str, str], *, longest_text: int
    ) -> None:
        """Go on after `progress`, which changes; `asked` are confirmations, by tool call id."""
        self.records: list[BatchRecordInput] = []
        self._session = session
        self._progress = progress
        self._asked = asked
        self._longest_text = longest_text
        self._response: _Response | None = None

    def add(self, key: str, entry: dict[str, Any]) -> None:
        """Add what an entry tells; `key` is that of its item."""
        kind, message = entry.get("type"), entry.get("message")
        if kind == "assistant" and isinstance(message, dict):
            self._add_to_response(key, entry, message)
        elif kind == "user" and isinstance(message, dict):
            self.finish()
            self._add_user(key, entry, blocks_of(message.get("content")))
        elif kind == "system":
            self.finish()
            self._add_event(key, entry)

    def finish(self) -> None:
        """Record the response that the last entries were parts of."""
        response, self._response = self._response, None
        if response is not None:
            self._add_response(response)

    def _add_to_response(self, key: str, entry: dict[str, Any], message: dict[str, Any]) -> None:
        current = self._response
        response_id = string_of(message, "id")
        if current is None or response_id is None or current.message.get("id") != response_id:
            self.finish()
            current = self._response = _Response(entry)
        current.keys.append(key)
        current.blocks += blocks_of(message.get("content"))
        current.message = message

    def _add_response(self, response: _Response) -> None:
        calls = [block for block in response.blocks if str(block.get("type")).endswith("tool_use")]
        text = text_of(response.blocks)
        if not text and not calls:
            return  # only thoughts so far; the tokens count with what they lead to
        entry, message = response.entry, response.message
        record = self._message("ASSISTANT", text, entry, response.keys)
        if entry.get("isApiErrorMessage") is True:
            record |= {"status": "ERROR", "error": self._text(text)}
        else:
            record |= self._model_of(message, is_copy="forkedFrom" in entry)
            if model := string_of(entry, "requestedModel"):
                record["requestModel"] = self._name(model)
        called = [self._tool_call(block) for block in calls[:_MOST_CALLS]]
        self._add_server_results(called, response.blocks)
        if called:
            record["toolCalls"] = called
        self.records.append({"recordMessage": record})
        for call in called:
            self._follow(call, record.get("createdAt"))

    def _model_of(self, message: dict[str, Any], *, is_copy: bool) -> RecordMessageInput:
        """Tell the model and its tokens: each once, and none of a message copied by a fork."""
        told: dict[str, Any] = {"provider": "anthropic"}
        response_id = string_of(message, "id")
        usage = Tokens.of(message.get("usage"))
        known = response_id is not None and response_id == self._progress.response_id
        new = usage.beyond(self._progress.counted) if known else usage
        self._progress.response_id, self._progress.counted = response_id, usage
        if model := string_of(message, "model"):
            told["responseModel"] = self._name(model)
        if response_id is not None:
            told["responseId"] = self._name(response_id)
        if reason := string_of(message, "stop_reason"):
            told["finishReasons"] = [self._name(reason)]
        if isinstance(message.get("usage"), dict) and not is_copy:
            told["inputTokens"] = new.read
            told["outputTokens"] = new.written
            told["cacheReadInputTokens"] = new.from_cache
            told["cacheCreationInputTokens"] = new.to_cache
            told["reasoningOutputTokens"] = new.thought
        return cast("RecordMessageInput", told)

    def _tool_call(self, block: dict[str, Any]) -> ToolCallInput:
        call: ToolCallInput = {"toolName": self._name(string_of(block, "name") or "unknown")}
        if call_id := string_of(block, "id"):
            call["toolCallId"] = self._name(call_id)
        if block.get("type") != "tool_use":
            call["toolType"] = self._name(str(block["type"]).removesuffix("_tool_use"))
        if block.get("input") is not None:
            call["arguments"] = show_json(block["input"], self._longest_text)
        return call

    def _add_server_results(self, calls: list[ToolCallInput], blocks: list[dict[str, Any]]) -> None:
        """Give the calls of tools that the provider runs the results in the same response."""
        results = {
            block.get("tool_use_id"): block.get("content")
            for block in blocks
            if str(block.get("type")).endswith("tool_result")
            and isinstance(block.get("tool_use_id"), str)
        }
        for call in calls:
            if (call_id := call.get("toolCallId")) in results:
                call["status"] = "SUCCEEDED"
                call["result"] = show_json(results[call_id], self._longest_text)

    def _follow(self, call: ToolCallInput, at: str | None) -> None:
        """Remember a call without a result, and ask what it asks a person."""
        call_id = call.get("toolCallId")
        if call_id is None or "status" in call:
            return
        self._progress.open_calls[call_id] = call["toolName"]
        if call["toolName"] in _ASKING_TOOLS:
            argument = _ASKING_TOOLS[call["toolName"]]
            self._ask(call_id, at, _question(call.get("arguments"), argument))

    def _ask(self, call_id: str, at: str | None, question: str | None) -> None:
        reference = f"confirmation {len(self.records)}"
        asked: dict[str, Any] = {"session": self._session, "toolCall": call_id}
        if at is not None:
            asked["createdAt"] = at
        if question:
            asked["userMessage"] = self._text(question)
        request: Any = asked
        self.records.append({"reference": reference, "requestConfirmation": request})
        self._asked[call_id] = reference

    def _add_user(self, key: str, entry: dict[str, Any], blocks: list[dict[str, Any]]) -> None:
        results = [block for block in blocks if block.get("type") == "tool_result"]
        for block in results:
            self._add_result(key, entry, block)
        text = text_of(blocks)
        if text or not results:
            self.records.append({"recordMessage": self._message("USER", text, entry, [key])})

    def _add_result(self, key: str, entry: dict[str, Any], block: dict[str, Any]) -> None:
        text = text_of(blocks_of(block.get("content")))
        record = self._message("TOOL", text, entry, [key])
        if call_id := string_of(block, "tool_use_id"):
            call_id = self._name(call_id)
            record["toolCallId"] = call_id
            if name := self._progress.open_calls.pop(call_id, None):
                record["name"] = name
                is_error = block.get("is_error") is True
                self._end_call(call_id, text, entry, is_error=is_error)
        self.records.append({"recordMessage": record})

    def _end_call(self, call_id: str, text: str, entry: dict[str, Any], *, is_error: bool) -> None:
        """Decide, deny or fail a call as its result tells; its TOOL message lets it succeed."""
        at = time_of(entry)
        permission = entry.get("permissionDecision")
        is_refusal = is_error and text.startswith(_REFUSALS)
        is_denied = is_error and (
            is_refusal
            or string_of(permission, "decision") == "reject"
            or string_of(entry, "toolDenialKind") is not None
        )
        by_person = is_refusal or (string_of(permission, "source") or "").startswith("user")
        if by_person and call_id not in self._asked:
            self._ask(call_id, at, None)
        asked = self._asked.pop(call_id, None)
        if asked is not None and (is_denied or by_person or not is_error):
            self._decide(asked, at, text if is_denied else None)
        elif is_denied:
            self._end(call_id, at, {"status": "DENIED"})
        if is_error and not is_denied:
            self._end(call_id, at, {"status": "FAILED", "errorMessage": self._text(text)})

    def _decide(self, confirmation: str, at: str | None, refusal: str | None) -> None:
        decided: Any = {"confirmation": confirmation, "deciderType": "USER"}
        decided["decision"] = "APPROVED" if refusal is None else "DENIED"
        if refusal is not None:
            decided["reason"] = self._text(refusal)
        if at is not None:
            decided["decidedAt"] = at
        self.records.append({"decideConfirmation": decided})

    def _end(self, call_id: str, at: str | None, values: dict[str, Any]) -> None:
        ended: Any = {"session": self._session, "toolCall": call_id, **values}
        if at is not None:
            ended["endedAt"] = at
        self.records.append({"recordToolCallResult": ended})

    def _add_event(self, key: str, entry: dict[str, Any]) -> None:
        told = {name: value for name, value in entry.items() if name not in _OF_EVERY_ENTRY}
        subtype = string_of(entry, "subtype") or "system"
        event: Any = {
            "session": self._session,
            "eventType": self._name(f"claude_agent_sdk.{subtype}"),
            "eventData": {"entry": key, **show_json(told, self._longest_text)},
        }
        if (at := time_of(entry)) is not None:
            event["occurredAt"] = at
        self.records.append({"createSessionEvent": event})

    def _message(
        self, role: Any, text: str, entry: dict[str, Any], keys: list[str]
    ) -> RecordMessageInput:
        told = {name: entry[name] for name in _FLAGS if entry.get(name)}
        message: RecordMessageInput = {
            "session": self._session,
            "role": role,
            "content": self._text(text),
            "metadata": {"entries": keys, **show_json(told, _LONGEST_NAME)},
        }
        if (at := time_of(entry)) is not None:
            message["createdAt"] = at
        return message

    def _text(self, text: str) -> str:
        return show_text(text, self._longest_text)

    def _name(self, name: str) -> str:
        return show_text(name, _LONGEST_NAME) if name.strip() else "unknown"


def _question(arguments: Any, name: str) -> str | None:
    """Give what a person is asked: a plan, or the questions in a list of them."""
    if question := string_of(arguments, name):
        return question
    questions = arguments.get(f"{name}s") if isinstance(arguments, dict) else None
    asked = questions if isinstance(questions, list) else []
    return "\n".join(filter(None, (string_of(each, name) for each in asked)))
