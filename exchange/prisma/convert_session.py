"""Sessions of either predecessor."""

from typing import Any

from exchange.prisma.converted import (
    Converted,
    metadata,
    name_or_none,
    need,
    required_time,
    score,
    time_or_kept,
)
from exchange.prisma.source_values import SourceRow
from models import Session, SessionStatus
from resolvers.errors import Invalid
from resolvers.lookup import check_own_name
from resolvers.validation import MAXIMUM_LIST_ITEMS, check_name

_WORDS = {
    SessionStatus.ACTIVE: "active running in_progress started open pending created idle resumed",
    SessionStatus.COMPLETED: "completed complete done finished success succeeded ended closed"
    " inactive",
    SessionStatus.FAILED: "failed failure error errored crashed",
    SessionStatus.CANCELLED: "cancelled canceled aborted stopped terminated interrupted abandoned",
    SessionStatus.EXPIRED: "expired timeout timed_out",
}
_STATUSES = {word: status for status, words in _WORDS.items() for word in words.split()}
_WAITING = frozenset(
    {"waiting", "paused", "suspended", "awaiting_confirmation", "waiting_for_user"}
)


def convert_agent_session(row: SourceRow) -> Converted:
    """Convert a row of `AgentSession`: its `sessionId` is the session's own name."""
    own_name = need(row, "sessionId")
    check_own_name(own_name, "sessionId")
    kept = metadata(row)
    started_at = time_or_kept(row, "startedAt", kept) or required_time(row)
    context = row.document("context")
    values = {
        "session_id": own_name,
        "user_id": name_or_none(row, "userId"),
        "purpose": row.get("sessionPurpose"),
        "business_context": row.letters("businessContext"),
        "tags": _tags(row, kept),
        "source": name_or_none(row, "sessionSource"),
        "context": row.letters("context"),
        "quality_score": score(row, "qualityScore", kept),
        "user_satisfaction": score(row, "userSatisfaction", kept),
        "learning_outcomes": row.letters("learningOutcomes"),
        "started_at": started_at,
        "created_at": time_or_kept(row, "createdAt", kept) or started_at,
        "updated_at": time_or_kept(row, "updatedAt", kept),
        **_worked_out(row, context),
        **_status(row, kept),
    }
    return Converted(
        {Session: {**values, "metadata": kept}},
        agent=name_or_none(row, "agentId"),
        owner=name_or_none(row, "parentSessionId"),
        name=own_name,
    )


def convert_adapter_session(row: SourceRow) -> Converted:
    """Convert a row of `Session`: its `id` is the session's own name."""
    check_own_name(row.id, "id")
    kept = metadata(row)
    made_at = required_time(row)
    user_id = kept.get("userId")
    changed_at = time_or_kept(row, "updatedAt", kept)
    values: dict[str, Any] = {
        "session_id": row.id,
        "user_id": user_id if isinstance(user_id, str) and _is_name(user_id) else None,
        "started_at": made_at,
        "created_at": made_at,
        "updated_at": changed_at,
        "status": SessionStatus.ACTIVE,
    }
    if row.get("active") is False:
        ended_at = changed_at or made_at
        values |= {"status": SessionStatus.COMPLETED, "ended_at": _not_before(made_at, ended_at)}
    return Converted({Session: {**values, "metadata": kept}}, name=row.id)


def _not_before(earliest: Any, time: Any) -> Any:
    return time if earliest is None or time is None else max(earliest, time)


def _tags(row: SourceRow, kept: dict[str, Any]) -> list[str] | None:
    given = row.get("sessionTags") or []
    tags = [tag for tag in given if isinstance(tag, str) and _is_name(tag)][:MAXIMUM_LIST_ITEMS]
    if len(tags) != len(given):
        kept["sessionTags"] = given
        row.notes.append("sessionTags holds what is no tag; all are kept as metadata.sessionTags")
    return tags or None


def _is_name(text: str) -> bool:
    try:
        check_name(text, "")
    except Invalid:
        return False
    return True


def _worked_out(row: SourceRow, context: Any) -> dict[str, Any]:
    """Take purpose and tags from the context where they were not told, as the predecessor did."""
    if not isinstance(context, dict):
        return {}
    found: dict[str, Any] = {}
    purpose = next(
        (context[name] for name in ("purpose", "intent", "goal") if context.get(name)), None
    )
    if row.get("sessionPurpose") is None and isinstance(purpose, str):
        found["purpose"] = purpose
    tags = next((context[name] for name in ("tags", "categories") if context.get(name)), None)
    if not row.get("sessionTags") and isinstance(tags, list):
        usable = [tag for tag in tags if isinstance(tag, str) and _is_name(tag)]
        found["tags"] = usable[:MAXIMUM_LIST_ITEMS] or None
    return found


def _status(row: SourceRow, kept: dict[str, Any]) -> dict[str, Any]:
    """Map the free word; a word that is not ours is kept as metadata.status."""
    word = str(row.get("status") or "")
    spelled = word.strip().lower().replace("-", "_").replace(" ", "_")
    ended_at = time_or_kept(row, "endedAt", kept)
    status = _STATUSES.get(spelled)
    if status is None:
        status = SessionStatus.COMPLETED if ended_at else SessionStatus.ACTIVE
        if spelled not in _WAITING:
            row.notes.append("status is a word that is not known; kept as metadata.status")
    elif status == SessionStatus.ACTIVE and ended_at is not None:
        status = SessionStatus.COMPLETED
        row.notes.append("status is that of an open session, but it has an end: COMPLETED")
    if spelled != status.value.lower():
        kept["status"] = word
    if status == SessionStatus.ACTIVE:
        return {"status": status}
    started_at = row.get("startedAt") or row.made_at
    if ended_at is None:
        ended_at = _not_before(started_at, row.get("updatedAt") or started_at)
    elif started_at is not None and ended_at < started_at:
        kept["endedAt"] = ended_at.isoformat()
        row.notes.append(
            "endedAt lies before the start, where it ends now; kept as metadata.endedAt"
        )
        ended_at = started_at
    return {"status": status, "ended_at": ended_at}
