"""Anthropic's Messages API: a conversation, or a request with its response, a line.

A line is one of

- `{"session_id": …, "system": …, "messages": […]}`, a conversation; assistant messages may be
  whole responses (with `id`, `model`, `usage`, `stop_reason`);
- `{"session_id": …, "request": {…}, "response": {…}}`, the body that was sent and the message (or
  the error) that came back; the body's members may also stand beside the `response`.

Lines of a `session_id` are a session, in which the history that requests repeat is recorded once;
without one, a response's `id` names it. Results of tools become TOOL messages. `usage.input_tokens`
leaves out what was read from and written to the cache, ours includes it. Blocks of a kind that is
not known are kept in the parts of their message. Sources, as of anthropic-sdk-python 2.12:
https://docs.anthropic.com/en/api/messages,
https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from exchange.formats.reading import (
    content_text,
    count,
    identifier,
    member,
    moment,
    objects,
    optional,
    outcome,
    require,
    role,
    text,
)
from exchange.records import (
    Document,
    MessageRecord,
    SessionRecord,
    ToolCallRecord,
    Turn,
    refused_by_line,
)
from models import MessageRole, MessageStatus, ToolCallStatus
from resolvers.errors import Invalid

_BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}


def is_anthropic(document: dict[str, Any]) -> bool:
    """Tell whether a line looks like one of this form."""
    response = document.get("response")
    if member(response, "type") in {"message", "error"}:
        return True
    messages = document.get("messages")
    contents = [member(each, "content") for each in messages] if isinstance(messages, list) else []
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return ("system" in document and bool(contents)) or any(
        member(block, "type") in _BLOCKS for block in blocks
    )


def anthropic_ties(document: dict[str, Any]) -> list[str]:
    """Name the session that a line belongs to, or its response."""
    name = document.get("session_id") or member(document, "response", "id")
    return [name] if isinstance(name, str) else []


def read_anthropic(documents: Sequence[Document]) -> SessionRecord:
    """Read a session from its lines. Raises `LineRefusedError`."""
    turns = []
    for document in documents:
        with refused_by_line(document.line):
            turns.append(_turn(document))
    first = documents[0]
    messages = [message for turn in turns for message in (*turn.history, *turn.messages)]
    with refused_by_line(first.line):
        if first.value.get("session_id") is None and not anthropic_ties(first.value):
            raise Invalid("Must be text.", field="session_id")
        request = member(first.value, "request") or first.value
        return SessionRecord(
            name=first.value.get("session_id") or require(first.value["response"], "id", str),
            agent=optional(first.value, "agent", str),
            user_id=text(member(request, "metadata", "user_id")),
            metadata=first.value.get("metadata"),
            started_at=min(
                (message.created_at for message in messages if message.created_at), default=None
            ),
            status=outcome(messages),
            turns=turns,
        )


def _turn(document: Document) -> Turn:
    value = document.value
    request = optional(value, "request", dict) or value
    created = moment(value.get("created_at"), "created_at")
    history = list(_system(request))
    require(request, "messages", list)
    for index, message in enumerate(objects(request, "messages")):
        history.extend(read_message(message, f"messages.{index}"))
    response = optional(value, "response", dict)
    answers = [] if response is None else [_answer(response, text(request.get("model")))]
    for told in (*history, *answers):
        told.line, told.created_at = document.line, created
    return Turn(answers, history)


def _system(request: Mapping[str, Any]) -> Iterable[MessageRecord]:
    if (told := request.get("system")) is not None:
        content = content_text(told, "system")
        yield MessageRecord(role=MessageRole.SYSTEM, content=content, parts=told, place="system")


def _answer(response: dict[str, Any], model: str | None) -> MessageRecord:
    if response.get("type") == "error":
        error = response.get("error")
        return MessageRecord(
            role=MessageRole.ASSISTANT,
            provider="anthropic",
            request_model=model,
            status=MessageStatus.ERROR,
            error=text(member(error, "message")) or text(member(error, "type")),
            parts=response,
            place="response",
        )
    *_, answer = read_message({"role": "assistant", **response}, "response")
    answer.parts = response
    answer.request_model = model
    return answer


def read_message(message: dict[str, Any], place: str) -> Iterable[MessageRecord]:
    """Read a message: results of tools as messages of their own, first. Raises `Invalid`."""
    try:
        told = role(message)
        content = message.get("content")
        if not isinstance(content, list):
            read = MessageRecord(role=told, content=content_text(content), parts=message)
            blocks = []
        else:
            blocks = objects(message, "content")
            others = [block for block in blocks if block.get("type") != "tool_result"]
            results = [_result(block) for block in blocks if block.get("type") == "tool_result"]
            for result in results:
                result.place = place
                yield result
            if results and not others:
                return
            parts = {**message, "content": others} if results else message
            is_answer = told is MessageRole.ASSISTANT
            content = _text(others) if is_answer else content_text(others)
            read = MessageRecord(role=told, content=content, parts=parts)
        if told is MessageRole.ASSISTANT:
            read.tool_calls = list(_tool_calls(blocks))
            _describe(read, message)
    except Invalid as error:
        raise error.within(place) from error
    read.place = place
    yield read


def _text(blocks: Sequence[dict[str, Any]]) -> str | None:
    """Give the text of an answer: blocks of text in a row are pieces of one, cut by citations."""
    texts = [
        "".join(block["text"] for block in run if isinstance(block.get("text"), str))
        for is_text, run in groupby(blocks, lambda block: block.get("type") == "text")
        if is_text
    ]
    return "\n".join(each for each in texts if each) or None


def _result(block: dict[str, Any]) -> MessageRecord:
    return MessageRecord(
        role=MessageRole.TOOL,
        content=content_text(block.get("content")) or "",
        parts=block,
        tool_call_id=identifier(block, "tool_use_id"),
        has_failed=block.get("is_error") is True,
    )


def _tool_calls(blocks: Sequence[dict[str, Any]]) -> Iterable[ToolCallRecord]:
    """Read the calls of an answer; those that the server ran have their results beside them."""
    results = {
        block.get("tool_use_id"): block
        for block in blocks
        if str(block.get("type")).endswith("_tool_result")
    }
    for index, block in enumerate(blocks):
        kind = block.get("type")
        if not isinstance(kind, str) or not kind.endswith("tool_use"):
            continue
        try:
            call = ToolCallRecord(
                tool_name=require(block, "name", str),
                tool_call_id=identifier(block, "id"),
                tool_type="function" if kind == "tool_use" else kind,
                arguments=block.get("input"),
            )
        except Invalid as error:
            raise error.within(f"content.{index}") from error
        if (result := results.get(call.tool_call_id)) is not None:
            content = result.get("content")
            failure = member(content, "error_code")
            has_failed = failure is not None or result.get("is_error") is True
            call.status = ToolCallStatus.FAILED if has_failed else ToolCallStatus.SUCCEEDED
            call.result, call.error_type = content, text(failure)
        yield call


def _describe(answer: MessageRecord, message: Mapping[str, Any]) -> None:
    """Say of an answer what its response tells."""
    usage = message.get("usage")
    answer.provider = "anthropic"
    answer.response_id = identifier(message, "id")
    answer.response_model = identifier(message, "model")
    reason = identifier(message, "stop_reason")
    answer.finish_reasons = None if reason is None else [reason]
    answer.cache_read_input_tokens = count(member(usage, "cache_read_input_tokens"))
    answer.cache_creation_input_tokens = count(member(usage, "cache_creation_input_tokens"))
    sent = count(member(usage, "input_tokens"))
    if sent is not None:
        cached = (answer.cache_read_input_tokens, answer.cache_creation_input_tokens)
        answer.input_tokens = sent + sum(tokens or 0 for tokens in cached)
    answer.output_tokens = count(member(usage, "output_tokens"))
    answer.reasoning_output_tokens = count(
        member(usage, "output_tokens_details", "thinking_tokens")
    )
