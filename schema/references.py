"""The node types by name, so that each noun can link to every other without import cycles.

A link is annotated with the name from here: `messages: Connection[MessageLink] = page(…)`.
"""

from typing import TYPE_CHECKING, Annotated, TypeAlias

from strawberry import lazy

if TYPE_CHECKING:
    from schema.agent import Agent
    from schema.agent_metric import AgentMetric
    from schema.agent_version import AgentVersion
    from schema.confirmation import Confirmation
    from schema.memory import Memory
    from schema.memory_access import MemoryAccess
    from schema.memory_annotation import MemoryAnnotation
    from schema.memory_relation import MemoryRelation
    from schema.memory_revision import MemoryRevision
    from schema.message import Message
    from schema.module_state import ModuleState
    from schema.session import Session
    from schema.session_event import SessionEvent
    from schema.session_item import SessionItem
    from schema.session_metric import SessionMetric
    from schema.state_snapshot import StateSnapshot
    from schema.state_transition import StateTransition
    from schema.tool_call import ToolCall

AgentLink: TypeAlias = Annotated["Agent", lazy("schema.agent")]
AgentMetricLink: TypeAlias = Annotated["AgentMetric", lazy("schema.agent_metric")]
AgentVersionLink: TypeAlias = Annotated["AgentVersion", lazy("schema.agent_version")]
ConfirmationLink: TypeAlias = Annotated["Confirmation", lazy("schema.confirmation")]
MemoryLink: TypeAlias = Annotated["Memory", lazy("schema.memory")]
MemoryAccessLink: TypeAlias = Annotated["MemoryAccess", lazy("schema.memory_access")]
MemoryAnnotationLink: TypeAlias = Annotated["MemoryAnnotation", lazy("schema.memory_annotation")]
MemoryRelationLink: TypeAlias = Annotated["MemoryRelation", lazy("schema.memory_relation")]
MemoryRevisionLink: TypeAlias = Annotated["MemoryRevision", lazy("schema.memory_revision")]
MessageLink: TypeAlias = Annotated["Message", lazy("schema.message")]
ModuleStateLink: TypeAlias = Annotated["ModuleState", lazy("schema.module_state")]
SessionLink: TypeAlias = Annotated["Session", lazy("schema.session")]
SessionEventLink: TypeAlias = Annotated["SessionEvent", lazy("schema.session_event")]
SessionItemLink: TypeAlias = Annotated["SessionItem", lazy("schema.session_item")]
SessionMetricLink: TypeAlias = Annotated["SessionMetric", lazy("schema.session_metric")]
StateSnapshotLink: TypeAlias = Annotated["StateSnapshot", lazy("schema.state_snapshot")]
StateTransitionLink: TypeAlias = Annotated["StateTransition", lazy("schema.state_transition")]
ToolCallLink: TypeAlias = Annotated["ToolCall", lazy("schema.tool_call")]
