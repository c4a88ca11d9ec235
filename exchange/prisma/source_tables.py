"""The tables of the predecessors, as their documents tell them.

A column's kind says how its value is read, whatever the database: lists are JSON where a database
has none, booleans may be numbers, times may be numbers of milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a column is read."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    JSON = "JSON"
    TEXT_OR_JSON = "text or JSON"
    """Text, unless the database says that the column is JSON."""
    LIST = "list"
    """Of texts or numbers."""


class Schema(Enum):
    """Whose table it is."""

    ADAPTER = "storage adapter"
    ENHANCED = "enhanced schema"


@dataclass(frozen=True)
class SourceTable:
    """A table of a predecessor.

    `time` names the columns of which the first that has a value is when the row was made.
    `needs` are columns without which a table of this name is another program's.
    """

    model: str
    schema: Schema
    columns: Mapping[str, Kind]
    needs: frozenset[str]
    time: tuple[str, ...]
    takes_unknown: bool
    """Whether columns that are not known go into metadata; else they are not carried."""


def _table(
    model: str,
    schema: Schema,
    needs: str,
    time: str,
    *,
    takes_unknown: bool = True,
    text: str = "",
    number: str = "",
    boolean: str = "",
    times: str = "",
    json: str = "",
    text_or_json: str = "",
    lists: str = "",
) -> SourceTable:
    kinds = {
        Kind.TEXT: f"id {text}",
        Kind.NUMBER: number,
        Kind.BOOLEAN: boolean,
        Kind.TIME: times,
        Kind.JSON: json,
        Kind.TEXT_OR_JSON: text_or_json,
        Kind.LIST: lists,
    }
    columns = {name: kind for kind, names in kinds.items() for name in names.split()}
    wanted = frozenset(f"id {needs}".split())
    return SourceTable(model, schema, columns, wanted, tuple(time.split()), takes_unknown)


SOURCE_TABLES: tuple[SourceTable, ...] = (
    _table(
        "AI_Agent",
        Schema.ENHANCED,
        "name",
        "createdAt updatedAt lastActiveAt",
        text="name description",
        times="createdAt updatedAt",
    ),
    _table(
        "AgentVersion",
        Schema.ENHANCED,
        "agentId versionNumber",
        "createdAt activatedAt",
        takes_unknown=False,
        text="agentId versionNumber createdById",
        boolean="isActive",
        times="createdAt activatedAt deactivatedAt",
        json="changes configuration performance",
    ),
    _table(
        "AgentMetric",
        Schema.ENHANCED,
        "agentId metricType metricValue",
        "timestamp createdAt recordedAt",
        text="agentId metricType timeframe",
        number="metricValue",
        times="timestamp createdAt recordedAt",
        json="metadata",
    ),
    _table(
        "AgentSession",
        Schema.ENHANCED,
        "sessionId status",
        "startedAt createdAt updatedAt",
        text="sessionId userId agentId status sessionPurpose sessionSource parentSessionId",
        number="qualityScore userSatisfaction",
        times="startedAt endedAt createdAt updatedAt",
        json="context learningOutcomes metadata",
        text_or_json="businessContext",
        lists="sessionTags",
    ),
    _table(
        "Session",
        Schema.ADAPTER,
        "active",
        "createdAt updatedAt",
        boolean="active",
        times="createdAt updatedAt",
        json="metadata",
    ),
    _table(
        "Message",
        Schema.ADAPTER,
        "sessionId role content",
        "timestamp createdAt",
        text="sessionId role content responseType",
        times="timestamp createdAt",
        json="metadata",
    ),
    _table(
        "ToolCall",
        Schema.ADAPTER,
        "messageId toolName",
        "timestamp createdAt",
        takes_unknown=False,
        text="messageId toolName error",
        number="duration",
        boolean="success",
        times="timestamp createdAt",
        json="arguments result",
    ),
    _table(
        "PendingConfirmation",
        Schema.ADAPTER,
        "sessionId toolName",
        "timestamp createdAt",
        takes_unknown=False,
        text="sessionId toolName userMessage",
        times="timestamp createdAt",
        json="arguments",
    ),
    _table(
        "SessionMetric",
        Schema.ENHANCED,
        "sessionId metricType metricValue",
        "timestamp createdAt recordedAt",
        text="sessionId metricType",
        number="metricValue",
        times="timestamp createdAt recordedAt",
        json="metadata",
    ),
    _table(
        "SessionEvent",
        Schema.ENHANCED,
        "sessionId eventType",
        "timestamp createdAt",
        takes_unknown=False,
        text="sessionId eventType",
        number="sequence duration",
        times="timestamp createdAt",
        json="eventData",
    ),
    _table(
        "ModuleState",
        Schema.ENHANCED,
        "moduleId state",
        "createdAt updatedAt",
        takes_unknown=False,
        text="moduleId version sessionId previousStateId stateType stateHash snapshotReason",
        boolean="isSnapshot",
        times="expiresAt createdAt updatedAt",
        json="state",
    ),
    _table(
        "StateTransition",
        Schema.ENHANCED,
        "stateId triggerType",
        "createdAt timestamp",
        takes_unknown=False,
        text="stateId triggerId triggerType",
        times="createdAt timestamp",
        json="transitionData previousValues newValues",
    ),
    _table(
        "InteractionMemory",
        Schema.ENHANCED,
        "type content",
        "createdAt updatedAt",
        text="userId agentId sessionId type memoryType sourceType",
        number="importance confidence accessCount",
        times="lastAccessedAt expiresAt createdAt updatedAt",
        json="content relatedMemories metadata",
        lists="embedding",
    ),
    _table(
        "MemoryAccess",
        Schema.ENHANCED,
        "memoryId accessType",
        "timestamp createdAt accessedAt",
        takes_unknown=False,
        text="memoryId accessType accessedBy accessorType",
        number="usefulness",
        times="timestamp createdAt accessedAt",
        text_or_json="context",
    ),
    _table(
        "MemoryAnnotation",
        Schema.ENHANCED,
        "memoryId annotationType content",
        "createdAt appliedAt",
        takes_unknown=False,
        text="memoryId annotationType createdById",
        boolean="isApplied",
        times="createdAt appliedAt",
        text_or_json="content",
    ),
    _table(
        "User",
        Schema.ENHANCED,
        "",
        "createdAt",
        takes_unknown=False,
        times="createdAt",
    ),
)
"""In the order in which they are told; `User` is counted only: its ids are carried as `userId`."""

TABLE_OF_MODEL = {table.model: table for table in SOURCE_TABLES}
