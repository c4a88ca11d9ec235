"""Responses of OpenAI's Responses API: a response or a list of items a line.

A line is one of

- a response object (`"object": "response"`), with the `input` that was sent for it if that is
  known: text or a list of items;
- `{"request": {…}, "response": {…}}`, the body that was sent and what came back;
- `{"session_id": …, "items": […]}`, items of a conversation in order.

Responses with the same `conversation` are a session, and so are those that are chained by
`previous_response_id`; a `session_id` beside a response names it, else the conversation or the
first response of the chain does. `agent` and `metadata` may stand beside too. Items of a kind that
is not known are kept in the parts of their message. Sources, as of openai-python 3.54:
https://platform.openai.com/docs/api-reference/responses/object,
https://platform.openai.com/docs/guides/conversation-state.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exchange.formats.reading import (
    count,
    identifier,
    member,
    milliseconds,
    moment,
    objects,
    optional,
    outcome,
    require,
    text,
)
from exchange.formats.responses_items import read_items
from exchange.records import Document, MessageRecord, SessionRecord, Turn, refused_by_line
from models import MessageRole, MessageStatus
from resolvers.errors import Invalid

_STATUSES = {
    "failed": MessageStatus.ERROR,
    "incomplete": MessageStatus.INTERRUPTED,
    "cancelled": MessageStatus.INTERRUPTED,
    "in_progress": MessageStatus.INTERRUPTED,
    "queued": MessageStatus.INTERRUPTED,
}


def is_response(document: dict[str, Any]) -> bool:
    """Tell whether a line looks like one of this form."""
    return "response" in {document.get("object"), member(document, "response", "object")} or (
        isinstance(document.get("items"), list)
    )


def response_ties(document: dict[str, Any]) -> list[str]:
    """Name the session, the conversation and the responses that a line belongs to."""
    response = _response(document)
    named = {
        "session": document.get("session_id"),
        "conversation": _conversation(document),
        "response": response.get("id"),
        "previous response": response.get("previous_response_id"),
    }
    return [
        f"{kind.removeprefix('previous ')} {name}"
        for kind, name in named.items()
        if isinstance(name, str)
    ]


def read_responses(documents: Sequence[Document]) -> SessionRecord:
    """Read a session from its responses. Raises `LineRefusedError`."""
    read = []
    for document in documents:
        with refused_by_line(document.line):
            read.append((document, _turn(document)))
    read = _in_order(read)
    first = read[0][0]
    turns = [turn for _, turn in read]
    messages = [message for turn in turns for message in (*turn.history, *turn.messages)]
    with refused_by_line(first.line):
        return SessionRecord(
            name=_name([document.value for document, _ in read]),
            agent=optional(first.value, "agent", str),
            user_id=text(_response(first.value).get("user")),
            metadata=first.value.get("metadata") or _response(first.value).get("metadata"),
            started_at=min(
                (message.created_at for message in messages if message.created_at), default=None
            ),
            status=outcome(messages),
            turns=turns,
        )


def _response(document: Mapping[str, Any]) -> dict[str, Any]:
    told = document.get("response")
    found = told if isinstance(told, dict) else document
    return dict(found)


def _conversation(document: Mapping[str, Any]) -> str | None:
    for holder in (_response(document), member(document, "request") or {}, document):
        told = member(holder, "conversation")
        name = text(told) or text(member(told, "id"))
        if name is not None:
            return name
    return text(document.get("conversation_id"))


def _name(documents: Sequence[dict[str, Any]]) -> str:
    for document in documents:
        if document.get("session_id") is not None:
            return str(require(document, "session_id", str))
    for document in documents:
        if (name := _conversation(document)) is not None:
            return name
    response = _response(documents[0])
    if "id" not in response:
        raise Invalid("Give the session's name.", field="session_id")
    return str(require(response, "id", str))


def _in_order(read: Sequence[tuple[Document, Turn]]) -> list[tuple[Document, Turn]]:
    """Put lines in order: a response behind the one that it continues, else by time, else as told.

    Responses follow each other within a second, and their times are told in seconds.
    """
    by_id = {_response(document.value).get("id"): document.value for document, _ in read}

    def depth(document: Mapping[str, Any]) -> int:
        seen = set()
        previous = _response(document).get("previous_response_id")
        while previous in by_id and previous not in seen:
            seen.add(previous)
            previous = _response(by_id[previous]).get("previous_response_id")
        return len(seen)

    def time(document: Mapping[str, Any]) -> float:
        told = _response(document).get("created_at")
        return told if isinstance(told, (int, float)) else 0

    is_timed = all(time(document.value) for document, _ in read)
    return sorted(read, key=lambda each: (is_timed and time(each[0].value), depth(each[0].value)))


def _turn(document: Document) -> Turn:
    value = document.value
    if isinstance(value.get("items"), list):
        return Turn([], _numbered(read_items(objects(value, "items"), "items"), document.line))
    response = _response(value)
    request = optional(value, "request", dict) or value
    created = moment(response.get("created_at"), "created_at")
    history = [*_instructions(response), *_input(request)]
    for message in history:
        message.created_at = created
    answers = list(read_items(objects(response, "output"), "output"))
    if not any(message.role is MessageRole.ASSISTANT for message in answers):
        answers.append(MessageRecord(role=MessageRole.ASSISTANT, parts=[]))
    answer = next(each for each in reversed(answers) if each.role is MessageRole.ASSISTANT)
    _describe(answer, response, text(request.get("model")))
    for message in answers:
        message.created_at = moment(response.get("completed_at"), "completed_at") or created
    return Turn(_numbered(answers, document.line), _numbered(history, document.line))


def _numbered(messages: Iterable[MessageRecord], line: int) -> list[MessageRecord]:
    numbered = list(messages)
    for message in numbered:
        message.line = line
    return numbered


def _instructions(response: Mapping[str, Any]) -> Iterable[MessageRecord]:
    told = response.get("instructions")
    if isinstance(told, str) and told:
        yield MessageRecord(role=MessageRole.SYSTEM, content=told, parts=told, place="instructions")
    elif isinstance(told, list):
        yield from read_items(objects(response, "instructions"), "instructions")


def _input(request: Mapping[str, Any]) -> Iterable[MessageRecord]:
    told = request.get("input")
    if isinstance(told, str):
        yield MessageRecord(role=MessageRole.USER, content=told, parts=told, place="input")
    else:
        yield from read_items(objects(request, "input"), "input")


def _describe(answer: MessageRecord, response: Mapping[str, Any], model: str | None) -> None:
    """Say of an answer what its response tells."""
    status = response.get("status")
    error = response.get("error")
    usage = response.get("usage")
    answer.status = _STATUSES.get(str(status))
    answer.error = text(member(error, "message")) or text(member(error, "code"))
    answer.provider = "openai"
    answer.response_id = identifier(response, "id")
    answer.response_model = identifier(response, "model")
    answer.request_model = model
    reason = text(member(response, "incomplete_details", "reason")) or text(status)
    answer.finish_reasons = None if reason is None else [reason]
    answer.input_tokens = count(member(usage, "input_tokens"))
    answer.output_tokens = count(member(usage, "output_tokens"))
    inputs = member(usage, "input_tokens_details")
    answer.cache_read_input_tokens = count(member(inputs, "cached_tokens"))
    answer.cache_creation_input_tokens = count(member(inputs, "cache_write_tokens"))
    answer.reasoning_output_tokens = count(
        member(usage, "output_tokens_details", "reasoning_tokens")
    )
    answer.duration_ms = milliseconds(
        moment(response.get("created_at"), "created_at"),
        moment(response.get("completed_at"), "completed_at"),
    )
