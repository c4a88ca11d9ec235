"""What a store must hold of a source's rows, in the form in which `prisma_reading` reads it."""

from collections import defaultdict
from typing import Any

from tests.clients.prisma_sources import Row, Source

Node = dict[str, Any]

_STATUSES = {
    "active": "ACTIVE",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "expired": "EXPIRED",
    "error": "FAILED",
    "aborted": "CANCELLED",
}
_ROLES = {"system": "SYSTEM", "user": "USER", "assistant": "ASSISTANT", "tool": "TOOL"}


def in_order(rows: list[Row], time: str) -> list[Row]:
    """Put rows in the order of their times, and of one moment by their ids."""
    return sorted(rows, key=lambda row: (row[time], row["id"]))


def grouped(rows: list[Row], name: str) -> dict[str, list[Row]]:
    """Group rows by what they belong to."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return groups


def metadata(row: Row) -> Any:
    """Give what the metadata of a row becomes: an object that also has the row's id."""
    own = row.get("metadata")
    told = own if isinstance(own, dict) else {} if own is None else {"metadata": own}
    return {**told, "importedId": row["id"]}


def text(value: str | None) -> str | None:
    """Give a name: an empty one is none."""
    return value if value and value.strip() else None


def score(value: float | None) -> float | None:
    """Give a score from 0 to 1; another is kept elsewhere."""
    return value if value is not None and 0 <= value <= 1 else None


def adapter_session(row: Row, *, is_asked: bool) -> Node:
    """Give what a row of `Session` becomes."""
    told = metadata(row)
    closed = {"status": "COMPLETED", "endedAt": max(row["createdAt"], row["updatedAt"])}
    open_ = {"status": "WAITING" if is_asked else "ACTIVE", "endedAt": None}
    return {
        "sessionId": row["id"],
        "kind": "ROOT",
        "parent": None,
        "userId": told.get("userId"),
        "metadata": told,
        "startedAt": row["createdAt"],
        "createdAt": row["createdAt"],
        **(open_ if row["active"] else closed),
    }


def message(row: Row) -> Node:
    """Give what a row of `Message` becomes."""
    role = _ROLES.get(row["role"].lower())
    told = metadata(row) if role else {**metadata(row), "role": row["role"]}
    return {
        "role": role or "USER",
        "content": row["content"],
        "responseType": text(row["responseType"]),
        "metadata": told,
        "createdAt": row["timestamp"],
    }


def tool_call(row: Row, unanswered: str) -> Node:
    """Give what a row of `ToolCall` becomes; `unanswered` is the status of one without a result."""
    result = row["result"]
    is_failure = isinstance(result, dict) and result.get("success") is False
    status = unanswered if result is None else "FAILED" if is_failure else "SUCCEEDED"
    return {
        "toolCallId": row["id"],
        "toolName": row["toolName"],
        "arguments": row["arguments"],
        "result": result,
        "status": status,
    }


def confirmation(row: Row, status: str) -> Node:
    """Give what a row of `PendingConfirmation` becomes."""
    return {
        "toolName": row["toolName"],
        "arguments": row["arguments"],
        "userMessage": row["userMessage"],
        "status": status,
        "createdAt": row["timestamp"],
    }


def agent_session(source: Source, row: Row) -> Node:
    """Give what a row of `AgentSession` becomes."""
    status = _STATUSES.get(row["status"].lower())
    ended_at = row["endedAt"]
    if status in {None, "ACTIVE"}:
        status = "COMPLETED" if ended_at else "ACTIVE"
    if status != "ACTIVE":
        ended_at = max(row["startedAt"], ended_at or row["updatedAt"])
    agents = {each["id"] for each in source.kept("AI_Agent")}
    context = row["context"]
    return {
        "sessionId": row["sessionId"],
        "parent": _parent(source, row),
        "agent": {"agentId": row["agentId"]} if row["agentId"] in agents else None,
        "userId": row["userId"],
        "status": status,
        "purpose": _purpose(row),
        "businessContext": row["businessContext"],
        "tags": [tag for tag in row["sessionTags"] or [] if tag.strip()],
        "source": text(row["sessionSource"]),
        "context": {} if context is None else context,
        "qualityScore": score(row["qualityScore"]),
        "userSatisfaction": score(row["userSatisfaction"]),
        "learningOutcomes": row["learningOutcomes"],
        "startedAt": row["startedAt"],
        "endedAt": ended_at,
        "createdAt": row["createdAt"],
    }


def _purpose(row: Row) -> str | None:
    context = row["context"]
    told = context.get("purpose") if isinstance(context, dict) else None
    purpose: str | None = row["sessionPurpose"] if row["sessionPurpose"] is not None else told
    return purpose


def _parent(source: Source, row: Row) -> Node | None:
    """Give the parent; of a cycle, the first by id is a root."""
    rows = {each["id"]: each for each in source.kept("AgentSession")}
    parent = row["parentSessionId"]
    if parent not in rows:
        return None
    cycle, above = [row["id"]], parent
    while above in rows and above not in cycle:
        cycle.append(above)
        above = rows[above]["parentSessionId"]
    if above == row["id"] and row["id"] == min(cycle):
        return None
    return {"sessionId": rows[parent]["sessionId"]}


def version(row: Row, *, is_active: bool, is_double: bool) -> Node:
    """Give what a row of `AgentVersion` becomes."""
    number = row["versionNumber"]
    return {
        "versionNumber": f"{number} ({row['id']})" if is_double else number,
        "changes": {} if row["changes"] is None else row["changes"],
        "performance": {} if row["performance"] is None else row["performance"],
        "createdBy": text(row["createdById"]),
        "isActive": is_active,
        "createdAt": row["createdAt"],
    }


def chain(rows: list[Row]) -> list[Row]:
    """Put the states of one module in order: each behind its previous, else by time and id."""
    waiting = in_order(rows, "createdAt")
    there = {row["id"] for row in rows}
    given: list[Row] = []
    while waiting:
        done = {row["id"] for row in given}
        ready = [
            row
            for row in waiting
            if row["previousStateId"] in done or row["previousStateId"] not in there
        ]
        following = (ready or waiting)[0]
        waiting.remove(following)
        given.append(following)
    return given


def memory(source: Source, row: Row) -> Node:
    """Give what a row of `InteractionMemory` becomes."""
    sessions = {each["id"]: each["sessionId"] for each in source.kept("AgentSession")}
    names = {name: name for name in sessions.values()} | sessions
    session = names.get(row["sessionId"])
    agents = {each["id"] for each in source.kept("AI_Agent")}
    accesses = [each for each in source.kept("MemoryAccess") if each["memoryId"] == row["id"]]
    return {
        "agent": {"agentId": row["agentId"]} if row["agentId"] in agents else None,
        "userId": row["userId"],
        "session": None if session is None else {"sessionId": session},
        "type": row["type"],
        "memoryType": row["memoryType"],
        "content": row["content"],
        "importance": score(row["importance"]),
        "confidence": score(row["confidence"]),
        "sourceType": row["sourceType"],
        "expiresAt": row["expiresAt"],
        "embedding": row["embedding"] or None,
        "accessCount": len(accesses),
        "createdAt": row["createdAt"],
    }


def access(row: Row) -> Node:
    """Give what a row of `MemoryAccess` becomes."""
    return {
        "accessType": row["accessType"],
        "accessedBy": text(row["accessedBy"]),
        "accessorType": text(row["accessorType"]),
        "context": row["context"],
        "usefulness": score(row["usefulness"]),
        "occurredAt": row["createdAt"],
    }


def annotation(row: Row) -> Node:
    """Give what a row of `MemoryAnnotation` becomes."""
    applied_at = (row["appliedAt"] or row["createdAt"]) if row["isApplied"] else None
    return {
        "annotationType": row["annotationType"],
        "content": row["content"],
        "createdBy": text(row["createdById"]),
        "isApplied": row["isApplied"],
        "appliedAt": applied_at,
        "createdAt": row["createdAt"],
    }


def metric(row: Row) -> Node:
    """Give what a row of `SessionMetric` or `AgentMetric` becomes."""
    return {
        "metricType": row["metricType"],
        "metricValue": row["metricValue"],
        "metadata": metadata(row),
        "recordedAt": row["timestamp"],
    }


def event(row: Row) -> Node:
    """Give what a row of `SessionEvent` becomes."""
    duration = row["duration"]
    return {
        "eventType": row["eventType"],
        "eventData": row["eventData"],
        "durationMs": duration if duration is not None and duration >= 0 else None,
        "occurredAt": row["timestamp"],
    }


def differences(read: list[Node], expected: list[Node]) -> list[str]:
    """Tell where what was read is not as expected, in short: values may have megabytes."""
    if len(read) != len(expected):
        return [f"{len(read)} were read, {len(expected)} expected"]
    return [
        f"{number}.{name}: {_short(found[name])} was read, {_short(value)} expected"
        for number, (found, wanted) in enumerate(zip(read, expected, strict=True))
        for name, value in wanted.items()
        if found[name] != value
    ]


def _short(value: Any) -> str:
    return repr(value)[:120]
