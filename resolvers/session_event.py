"""Session events: their loaders, and how they are recorded."""

from typing import Any

from models import EventType, SessionEvent
from resolvers.errors import Invalid
from resolvers.feed import Event, advance, append
from resolvers.loaders import by_id, page_by_column
from resolvers.recording import Answer, Recording

SESSION_EVENT = by_id(SessionEvent)
EVENTS_BY_SESSION = page_by_column(SessionEvent.session_id, "sequence")


async def create_session_event(
    recording: Recording, *, session: str, event_type: str, **values: Any
) -> Answer:
    """Append an event of the runtime's own to a session's feed. Values are those of `Event`.

    Raises `Invalid` for a type that the server writes itself.
    """
    if event_type in set(EventType):
        raise Invalid(
            "The server writes events of this type itself; choose another.", field="eventType"
        )
    locked = await advance(recording, session, events=1, at=values.get("occurred_at"))
    ids = await append(recording, locked, [Event(event_type, **values)])
    return {"session_event": ids[0], "session": locked.id}
