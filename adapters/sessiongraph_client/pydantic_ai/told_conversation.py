"""All that a dashboard sees of a save: the session, its messages, calls, questions and branches."""

import logging
from collections.abc import Sequence

from pydantic_ai.conversation_store import ConversationEntry, ConversationRecord

from sessiongraph_client.pydantic_ai.conversation_items import name_session
from sessiongraph_client.pydantic_ai.deferred_calls import close_calls, open_calls
from sessiongraph_client.pydantic_ai.stored_session import StoredSession
from sessiongraph_client.pydantic_ai.told_messages import METADATA, MessageTeller
from sessiongraph_client.schema_types import BatchRecordInput, CreateSessionInput
from sessiongraph_client.stored_json import is_name, show_json

_logger = logging.getLogger(__name__)

SOURCE = "pydantic-ai"
BRANCHED = "pydantic_ai.branched"


def create_session(record: ConversationRecord, parent: str | None) -> BatchRecordInput:
    """Give the record that makes a conversation's session, below its parent's if it has one."""
    made: CreateSessionInput = {
        "sessionId": name_session(record.conversation_id),
        "source": SOURCE,
    }
    if is_name(record.scope):
        made["userId"] = record.scope
    if parent is not None:
        made["parent"] = name_session(parent)
    if record.forked_from is not None:
        origin = {"forked_from": record.forked_from, "forked_at": record.forked_at}
        made["metadata"] = {METADATA: show_json(origin)}
    return {"createSession": made}


def tell_conversation(
    session: StoredSession, record: ConversationRecord, entries: Sequence[ConversationEntry]
) -> list[BatchRecordInput]:
    """Give the records of what a dashboard sees of a record that is saved with new entries."""
    calls = session.calls or {}
    before = session.record.deferred_tool_requests if session.record else None
    waiting = record.deferred_tool_requests
    statuses = {call_id: call["status"] for call_id, call in calls.items()}
    closed = close_calls(session.id, calls, before, waiting, entries)
    teller = MessageTeller(session.id, statuses, session.instructions)
    for entry in entries:
        try:
            teller.tell(entry)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            _logger.warning("An entry is told in part: %r", error)
    return [
        *_tell_session(session, record),
        *closed,
        *_tell_branch(session, record, entries),
        *teller.records,
        *open_calls(session.id, calls, statuses, waiting),
    ]


def _tell_session(session: StoredSession, record: ConversationRecord) -> list[BatchRecordInput]:
    """Tell a session that was there before its conversation whose it is."""
    if not session.exists or session.record or session.user_id or not is_name(record.scope):
        return []
    return [{"updateSession": {"session": session.id, "userId": record.scope}}]


def _tell_branch(
    session: StoredSession, record: ConversationRecord, entries: Sequence[ConversationEntry]
) -> list[BatchRecordInput]:
    before = session.record
    goes_on_from = entries[0].parent_id if entries else record.head_id
    if before is None or goes_on_from == before.head_id:
        return []
    return [
        {
            "createSessionEvent": {
                "session": session.id,
                "eventType": BRANCHED,
                "eventData": {"left": before.head_id, "goes_on_from": goes_on_from},
            }
        }
    ]
