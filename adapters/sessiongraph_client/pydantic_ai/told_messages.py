"""What a dashboard sees of a conversation's messages: messages, tool calls and their results."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic_ai.conversation_store import ConversationEntry
from pydantic_ai.messages import (
    BaseToolCallPart,
    BaseToolReturnPart,
    CompactionPart,
    FilePart,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryFeedbackPart,
    RetryPromptPart,
    SpeechPart,
    SystemPromptPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.usage import RequestUsage

from sessiongraph_client.pydantic_ai.message_content import (
    describe_file,
    show_arguments,
    show_as_text,
    show_user_content,
    show_value,
)
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    MessageRole,
    RecordMessageInput,
    RecordToolCallResultInput,
    ToolCallInput,
    ToolCallStatus,
)
from sessiongraph_client.stored_json import is_name, show_text

METADATA = "pydantic_ai"
"""The key in a message's metadata under which its entry is told."""
INSTRUCTIONS = "instructions"
_MOST_CALLS = 1000
_MOST_TOKENS = 2**31
_MOST_COST = Decimal(10) ** 12
_ENDED = frozenset({"SUCCEEDED", "FAILED", "DENIED", "CANCELLED"})
_STATUSES: dict[str, ToolCallStatus] = {
    "success": "SUCCEEDED",
    "failed": "FAILED",
    "retried": "FAILED",
    "denied": "DENIED",
    "interrupted": "CANCELLED",
}


@dataclass
class MessageTeller:
    """Reads entries in order, and collects the records of what they say.

    `calls` has the status of each tool call of the session by the framework's id, as far as it
    matters here. `instructions` are those that were told last.
    """

    session: str
    calls: dict[str, str]
    instructions: str | None
    records: list[BatchRecordInput] = field(default_factory=list)

    def tell(self, entry: ConversationEntry) -> None:
        """Collect the records of an entry; thoughts and settings stay in the entry alone."""
        message = entry.message
        metadata = {"entry": entry.id, "run": message.run_id}
        if isinstance(message, ModelResponse):
            self._tell_response(message, metadata)
        else:
            self._tell_request(message, metadata)

    def _tell_request(self, request: ModelRequest, metadata: dict[str, Any]) -> None:
        if request.instructions is not None:
            instructions = show_text(request.instructions)
            if instructions != self.instructions:
                told = {**metadata, "part": INSTRUCTIONS}
                self._say("SYSTEM", instructions, request.timestamp, told)
                self.instructions = instructions
        for part in request.parts:
            self._tell_part(part, request.timestamp, {**metadata, "part": part.part_kind})

    def _tell_part(
        self, part: ModelRequestPart, at: datetime | None, metadata: dict[str, Any]
    ) -> None:
        match part:
            case SystemPromptPart():
                self._say("SYSTEM", show_text(part.content), part.timestamp, metadata)
            case UserPromptPart():
                self._say("USER", show_user_content(part.content), part.timestamp, metadata)
            case SpeechPart():
                self._say("USER", _show_speech(part), at, metadata)
            case ToolReturnPart():
                self._answer(part, part.content, part.outcome, metadata)
            case RetryPromptPart() if part.tool_name is not None:
                self._answer(part, part.model_response(), "retried", metadata)
            case RetryFeedbackPart() | RetryPromptPart():
                self._say("DEVELOPER", show_text(part.model_response()), part.timestamp, metadata)
            case CompactionPart(content=str(content)):
                self._say("DEVELOPER", show_text(content), at, metadata)

    def _tell_response(self, response: ModelResponse, metadata: dict[str, Any]) -> None:
        files = [
            describe_file(part.content) for part in response.parts if isinstance(part, FilePart)
        ]
        texts = [text for text in (response.text, *files) if text is not None]
        message = self._say(
            "ASSISTANT",
            show_text("\n".join(texts)) if texts else None,
            response.timestamp,
            {**metadata, "part": "response"},
        )
        calls = [part for part in response.parts if isinstance(part, BaseToolCallPart)]
        returns = {
            part.tool_call_id: part
            for part in response.parts
            if isinstance(part, NativeToolReturnPart)
        }
        message["toolCalls"] = [
            self._call(call, returns.get(call.tool_call_id)) for call in calls[:_MOST_CALLS]
        ]
        if response.state != "complete":
            message["status"] = "INTERRUPTED"
        if response.provider_name:
            message["provider"] = show_text(response.provider_name)
        if response.model_id:
            message["requestModel"] = show_text(response.model_id)
        if response.model_name:
            message["responseModel"] = show_text(response.model_name)
        if response.provider_response_id:
            message["responseId"] = show_text(response.provider_response_id)
        if response.finish_reason:
            message["finishReasons"] = [response.finish_reason]
        _add_usage(message, response.usage)

    def _call(self, call: BaseToolCallPart, returned: NativeToolReturnPart | None) -> ToolCallInput:
        is_native = isinstance(call, NativeToolCallPart)
        made: ToolCallInput = {
            "toolName": call.tool_name if is_name(call.tool_name) else "tool",
            "toolType": "native" if is_native else "function",
        }
        if call.args is not None:
            made["arguments"] = show_arguments(call)
        if is_name(call.tool_call_id):
            made["toolCallId"] = call.tool_call_id
            self.calls[call.tool_call_id] = "PENDING"
        if returned is not None:
            self.calls[call.tool_call_id] = made["status"] = _STATUSES[returned.outcome]
            made["result"] = show_value(returned.content)
        return made

    def _answer(
        self,
        part: ToolReturnPart | RetryPromptPart,
        content: Any,
        outcome: str,
        told: dict[str, Any],
    ) -> None:
        call_id = part.tool_call_id
        if self.calls.get(call_id, "SUCCEEDED") not in _ENDED:
            result: RecordToolCallResultInput = {
                "session": self.session,
                "toolCall": call_id,
                "status": _STATUSES[outcome],
            }
            if result["status"] == "FAILED":
                retry = part.retry if isinstance(part, BaseToolReturnPart) else None
                result["errorType"] = retry.cause if retry else outcome
                result["errorMessage"] = show_as_text(content)
            else:
                result["result"] = show_value(content)
            self.records.append({"recordToolCallResult": result})
            self.calls[call_id] = result["status"]
        message = self._say("TOOL", show_as_text(content), part.timestamp, told)
        if part.tool_name:
            message["name"] = show_text(part.tool_name)
        if is_name(call_id):
            message["toolCallId"] = call_id

    def _say(
        self, role: MessageRole, content: str | None, at: datetime | None, told: dict[str, Any]
    ) -> RecordMessageInput:
        message: RecordMessageInput = {
            "session": self.session,
            "role": role,
            "metadata": {METADATA: {key: each for key, each in told.items() if each is not None}},
        }
        if content is not None:
            message["content"] = content
        if at is not None and at.tzinfo is not None:
            message["createdAt"] = at.isoformat()
        self.records.append({"recordMessage": message})
        return message


def answered_ids(entries: Sequence[ConversationEntry]) -> list[str]:
    """Give the framework's ids of the calls that entries answer."""
    return [
        part.tool_call_id
        for entry in entries
        if isinstance(entry.message, ModelRequest)
        for part in entry.message.parts
        if isinstance(part, ToolReturnPart | RetryPromptPart) and is_name(part.tool_call_id)
    ]


def _show_speech(part: SpeechPart) -> str | None:
    return show_text(part.transcript) if part.transcript is not None else describe_file(part.audio)


def _add_usage(message: RecordMessageInput, usage: RequestUsage) -> None:
    if not usage.has_values():
        return
    message["inputTokens"] = _count(usage.input_tokens)
    message["outputTokens"] = _count(usage.output_tokens)
    message["cacheReadInputTokens"] = _count(usage.cache_read_tokens)
    message["cacheCreationInputTokens"] = _count(usage.cache_write_tokens)
    message["reasoningOutputTokens"] = _count(usage.output_reasoning_tokens)
    if usage.cost is not None and 0 <= usage.cost < _MOST_COST:
        message["costUsd"] = f"{usage.cost:.12f}"


def _count(tokens: int) -> int | None:
    return tokens if 0 <= tokens < _MOST_TOKENS else None
