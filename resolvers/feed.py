"""The feed: whatever is recorded in a session is an event with the session's next sequence.

`advance` raises the session's counters under its row lock; the lock is held until the transaction
ends, so sequences have no gaps or doubles and their order is the order of commits. Who follows the
session, its tree, or a confirmation is told after the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from models import Confirmation, EventType, Session, SessionEvent, ToolCall
from models.session_event import PROJECT_EVENT_TYPES
from resolvers.identifiers import PREFIXES, key_of, table_of
from resolvers.lookup import not_found
from resolvers.recording import Recording


@dataclass(frozen=True)
class Event:
    """An event to append: its type, and the model and row that it is about.

    `id` is given where what is imported must find it again.
    """

    event_type: str
    subject: tuple[type[Any], UUID] | None = None
    event_data: Any = None
    actor_id: str | None = None
    duration_ms: int | None = None
    occurred_at: datetime | None = None
    id: UUID | None = None


async def advance(
    recording: Recording,
    session: str | UUID,
    *,
    events: int,
    at: datetime | None = None,
    counts: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> Row[Any]:
    """Lock a session, make room for events, and give the row with its new counters.

    `session` is a UUID, or what the client gave: an id or the runtime's `sessionId`. `counts` are
    added to the columns they name, `changes` are set. Raises `Invalid` or `NotFound`.
    """
    key: dict[str, Any] = {"id": session}
    if not isinstance(session, UUID):
        own_name = table_of(Session).c.session_id
        key = key_of(own_name, recording.identify(session), "session")
    added = {name: count for name, count in (counts or {}).items() if count}
    row = await recording.adjust(
        Session,
        key,
        add={"event_sequence": events, **added},
        latest={"last_activity_at": at},
        changes=changes,
    )
    if row is None:
        raise not_found(Session, "session")
    return row


async def append(recording: Recording, session: Row[Any], events: Sequence[Event]) -> list[UUID]:
    """Append the events that `advance` made room for; give their ids."""
    first = session.event_sequence - len(events) + 1
    rows = await recording.insert_many(
        SessionEvent,
        [
            {
                "id": event.id,
                "session_id": session.id,
                "root_id": session.root_id,
                "sequence": first + place,
                "event_type": str(event.event_type),
                "event_data": event.event_data,
                "subject_type": event.subject and PREFIXES[table_of(event.subject[0])],
                "subject_id": event.subject and event.subject[1],
                "actor_id": event.actor_id,
                "duration_ms": event.duration_ms,
                "occurred_at": event.occurred_at,
            }
            for place, event in enumerate(events)
        ],
    )
    recording.topics += [session.id, session.root_id]
    if any(event.event_type in PROJECT_EVENT_TYPES for event in events):
        recording.topics.append(recording.project_id)
    recording.topics += [
        event.subject[1] for event in events if event.subject and event.subject[0] is Confirmation
    ]
    return [row.id for row in rows]


def status_changed(session_id: UUID, before: str, after: str, at: datetime | None = None) -> Event:
    """Make the event of a session's change of status."""
    return Event(
        EventType.SESSION_STATUS_CHANGED,
        (Session, session_id),
        event_data={"from": before, "to": after},
        occurred_at=at,
    )


def completed(
    tool_call_id: UUID,
    status: str,
    *,
    duration_ms: int | None = None,
    at: datetime | None = None,
) -> Event:
    """Make the event of a tool call's end."""
    return Event(
        EventType.TOOL_CALL_COMPLETED,
        (ToolCall, tool_call_id),
        event_data={"status": status},
        duration_ms=duration_ms,
        occurred_at=at,
    )
