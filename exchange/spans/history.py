"""What of a model's input is not recorded yet: each call to a model repeats what was said before.

The last answer of the model in the input that is recorded already is where the new begins. In the
first call of a run that answer may be an earlier run's, of the same agent in the same conversation.
Of what comes after, messages that are there in the same order are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row, func, select

from models import Message, MessageRole, Session, ToolCall
from resolvers.identifiers import table_of
from resolvers.recording import Recording

_MAXIMUM_EARLIER_RUNS = 20

MessageKey: TypeAlias = tuple[Any, ...]
"""What two messages have in common that say the same."""

_MESSAGES = table_of(Message).c
_CALLS = table_of(ToolCall).c
_SESSIONS = table_of(Session).c


@dataclass(frozen=True, slots=True)
class NewMessages:
    """The messages of an input that are not recorded yet.

    `late` are results of tools that an earlier run, `earlier_run`, had asked for.
    """

    messages: Sequence[Mapping[str, Any]]
    earlier_run: UUID | None = None
    late: Sequence[Mapping[str, Any]] = ()
    has_instructions: bool = False
    """Whether the instructions are recorded, which an input may have beside its messages."""
    is_answered: bool = False
    """Whether a later call, which came before this one, has told already what was answered."""


async def find_new(
    recording: Recording,
    session: Row[Any],
    messages: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    instructions: str | None,
) -> NewMessages:
    """Tell which messages of an input are not recorded in a session, whose row is locked."""
    given = [_key(message) for message in messages]
    recorded, repeated = await _recorded(recording, session.id)
    told = _instructions(instructions)
    anchors = [place for place, key in enumerate(given) if key[0] == MessageRole.ASSISTANT]
    for place in reversed(anchors):
        if given[place] in recorded:
            last = len(recorded) - 1 - recorded[::-1].index(given[place])
            rest, end = _missing(messages, given, recorded, place + 1, last + 1)
            return NewMessages(
                rest,
                has_instructions=told in recorded,
                is_answered=not rest and _is_next(answers, recorded, repeated, end),
            )
    if anchors and not any(key[0] == MessageRole.ASSISTANT for key in recorded):
        for run in await _earlier_runs(recording, session):
            earlier, _ = await _recorded(recording, run)
            if given[anchors[-1]] in earlier:
                start = end = anchors[-1] + 1
                while end < len(given) and given[end][0] == MessageRole.TOOL:
                    end += 1
                late = [m for m, key in zip(messages, given, strict=True) if key not in earlier]
                return NewMessages(
                    _missing(messages, given, recorded, end)[0],
                    run,
                    [message for message in messages[start:end] if message in late],
                    told in [*earlier, *recorded],
                )
    rest, end = _missing(messages, given, recorded)
    return NewMessages(
        rest,
        has_instructions=told in recorded,
        is_answered=not rest and _is_next(answers, recorded, repeated, end),
    )


def _missing(
    messages: Sequence[Mapping[str, Any]],
    given: Sequence[MessageKey],
    recorded: Sequence[MessageKey],
    first: int = 0,
    start: int = 0,
) -> tuple[list[Mapping[str, Any]], int]:
    """Leave out messages that are recorded, each once and in order; tell where those end."""
    missing = []
    for message, key in zip(messages[first:], given[first:], strict=True):
        try:
            start = recorded.index(key, start) + 1
        except ValueError:
            missing.append(message)
    return missing, start


def _is_next(
    answers: Sequence[Mapping[str, Any]],
    recorded: Sequence[MessageKey],
    repeated: Sequence[bool],
    place: int,
) -> bool:
    return (
        bool(answers)
        and place < len(recorded)
        and repeated[place]
        and recorded[place] == _key(answers[0])
    )


def _instructions(instructions: str | None) -> MessageKey:
    return (MessageRole.SYSTEM.value, _digest(instructions))


def _digest(content: str | None) -> bytes | None:
    return None if content is None else sha256(content.encode()).digest()


def _key(message: Mapping[str, Any]) -> MessageKey:
    calls = [
        (call.get("tool_call_id"), call["tool_name"]) for call in message.get("tool_calls", ())
    ]
    digest = _digest(message.get("content"))
    return _key_of(message["role"], message.get("tool_call_id"), digest, calls)


def _key_of(
    role: str,
    tool_call_id: str | None,
    digest: bytes | None,
    calls: Sequence[tuple[str | None, str]],
) -> MessageKey:
    if tool_call_id is not None:
        return (role, tool_call_id)
    if calls and all(own_id is not None for own_id, _ in calls):
        return (role, *[own_id for own_id, _ in calls])
    return (role, digest, *[name for _, name in calls])


async def _recorded(recording: Recording, session_id: UUID) -> tuple[list[MessageKey], list[bool]]:
    """Give the keys of a session's messages, in order, and which are not known as an answer."""
    project_id = recording.project_id
    asked = await recording.execute(
        select(_CALLS.message_id, _CALLS.tool_call_id, _CALLS.tool_name)
        .where(_CALLS.project_id == project_id, _CALLS.session_id == session_id)
        .order_by(_CALLS.message_id, _CALLS.index)
    )
    calls: dict[UUID, list[tuple[str | None, str]]] = {}
    for call in asked:
        calls.setdefault(call.message_id, []).append((call.tool_call_id, call.tool_name))
    said = await recording.execute(
        select(
            _MESSAGES.id,
            _MESSAGES.role,
            _MESSAGES.tool_call_id,
            func.sha256(func.convert_to(_MESSAGES.content, "UTF8")).label("digest"),
            _MESSAGES.duration_ms,
        )
        .where(_MESSAGES.project_id == project_id, _MESSAGES.session_id == session_id)
        .order_by(_MESSAGES.sequence)
    )
    rows = said.all()
    keys = [_key_of(row.role, row.tool_call_id, row.digest, calls.get(row.id, ())) for row in rows]
    return keys, [row.duration_ms is None for row in rows]


async def _earlier_runs(recording: Recording, session: Row[Any]) -> Sequence[UUID]:
    """Give the runs of the same agent in the same conversation before one, the last first."""
    if session.parent_id is None or session.agent_id is None:
        return []
    found = await recording.execute(
        select(_SESSIONS.id)
        .where(
            _SESSIONS.project_id == recording.project_id,
            _SESSIONS.parent_id == session.parent_id,
            _SESSIONS.agent_id == session.agent_id,
            _SESSIONS.id != session.id,
            _SESSIONS.started_at <= session.started_at,
        )
        .order_by(_SESSIONS.started_at.desc(), _SESSIONS.id.desc())
        .limit(_MAXIMUM_EARLIER_RUNS)
    )
    return found.scalars().all()
