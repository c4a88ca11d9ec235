"""What is stored: one module a noun, and no behaviour."""

from models.agent import Agent
from models.agent_metric import AgentMetric
from models.agent_version import AgentVersion
from models.api_key import ApiKey, Scope
from models.base import Base
from models.confirmation import Confirmation, ConfirmationStatus
from models.idempotency_key import IdempotencyKey
from models.memory import Memory, MemoryState
from models.memory_access import MemoryAccess
from models.memory_annotation import AnnotatorKind, MemoryAnnotation
from models.memory_relation import MemoryRelation, MemoryRelationType
from models.memory_revision import MemoryRevision
from models.message import Message, MessageRole, MessageStatus
from models.module_state import ModuleState
from models.persisted_document import PersistedDocument
from models.project import Project
from models.retention_rule import RetentionRule
from models.session import Session, SessionKind, SessionStatus
from models.session_event import EventType, SessionEvent
from models.session_item import SessionItem
from models.session_metric import SessionMetric
from models.span import Span
from models.state_snapshot import StateSnapshot
from models.state_transition import StateTransition
from models.tool_call import ToolCall, ToolCallStatus

__all__ = [
    "Agent",
    "AgentMetric",
    "AgentVersion",
    "AnnotatorKind",
    "ApiKey",
    "Base",
    "Confirmation",
    "ConfirmationStatus",
    "EventType",
    "IdempotencyKey",
    "Memory",
    "MemoryAccess",
    "MemoryAnnotation",
    "MemoryRelation",
    "MemoryRelationType",
    "MemoryRevision",
    "MemoryState",
    "Message",
    "MessageRole",
    "MessageStatus",
    "ModuleState",
    "PersistedDocument",
    "Project",
    "RetentionRule",
    "Scope",
    "Session",
    "SessionEvent",
    "SessionItem",
    "SessionKind",
    "SessionMetric",
    "SessionStatus",
    "Span",
    "StateSnapshot",
    "StateTransition",
    "ToolCall",
    "ToolCallStatus",
]
