"""What of a model's input is not recorded yet: each call to a model repeats what was said before.

The last answer of the model in the input that is recorded already is where the new begins. In the
first call of a run that answer may be an earlier run's, of the same agent in the same conversation.
Of what comes after, messages that are there in the same order are left out.
"""

from bisect import bisect_left
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
    if not messages and instructions is None:
        return NewMessages(())
    given = [_key(message) for message in messages]
    recorded = await _recorded(recording, session.id)
    told = _instructions(instructions)
    anchors = [place for place, key in enumerate(given) if key[0] == MessageRole.ASSISTANT]
    known = next((place for place in reversed(anchors) if given[place] in recorded.places), None)
    if known is None and anchors and not recorded.has_assistant:
        for run in await _earlier_runs(recording, session):
            earlier = await _recorded(recording, run)
            if given[anchors[-1]] in earlier.places:
                rest, late = _after_earlier_run(messages, given, anchors[-1], earlier)
                return NewMessages(rest, run, late, told in earlier.places)
    first, start = 0, 0
    if known is not None:
        first, start = known + 1, recorded.places[given[known]][-1] + 1
    rest, end = _missing(messages, given, recorded, first, start)
    return NewMessages(
        rest,
        has_instructions=told in recorded.places,
        is_answered=not rest and _is_next(answers, recorded, end),
    )


def _after_earlier_run(
    messages: Sequence[Mapping[str, Any]],
    given: Sequence[MessageKey],
    anchor: int,
    earlier: "_Recorded",
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """Give what is new in the first call of a run, behind the last answer of an earlier run.

    The results of the tools that the earlier run had asked for are apart.
    """
    end = anchor + 1
    while end < len(given) and given[end][0] == MessageRole.TOOL:
        end += 1
    late = [messages[each] for each in range(anchor + 1, end) if given[each] not in earlier.places]
    return messages[end:], late


def _missing(
    messages: Sequence[Mapping[str, Any]],
    given: Sequence[MessageKey],
    recorded: "_Recorded",
    first: int,
    start: int,
) -> tuple[list[Mapping[str, Any]], int]:
    """Leave out messages that are recorded, each once and in order; tell where those end."""
    missing = []
    for message, key in zip(messages[first:], given[first:], strict=True):
        places = recorded.places.get(key, ())
        place = bisect_left(places, start)
        if place < len(places):
            start = places[place] + 1
        else:
            missing.append(message)
    return missing, start


def _is_next(answers: Sequence[Mapping[str, Any]], recorded: "_Recorded", place: int) -> bool:
    """Whether an answer is told at a place of what is recorded, by a call that repeated it."""
    return (
        bool(answers)
        and place in recorded.repeated
        and place in recorded.places.get(_key(answers[0]), ())
    )


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The messages of a session: where each stands, by its key."""

    places: Mapping[MessageKey, Sequence[int]]
    repeated: frozenset[int]
    """Where those stand that are not known as an answer."""

    @property
    def has_assistant(self) -> bool:
        return any(key[0] == MessageRole.ASSISTANT for key in self.places)


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


async def _recorded(recording: Recording, session_id: UUID) -> _Recorded:
    """Read which messages a session has."""
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
    places: dict[MessageKey, list[int]] = {}
    repeated = set()
    for place, row in enumerate(said):
        key = _key_of(row.role, row.tool_call_id, row.digest, calls.get(row.id, ()))
        places.setdefault(key, []).append(place)
        if row.duration_ms is None:
            repeated.add(place)
    return _Recorded(places, frozenset(repeated))


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
