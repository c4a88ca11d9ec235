"""Converts rows of a source, whatever their table, and checks what comes of them."""

from collections.abc import Callable

from exchange.prisma.convert_agent import (
    convert_agent,
    convert_agent_metric,
    convert_agent_version,
)
from exchange.prisma.convert_feed import convert_session_event, convert_session_metric
from exchange.prisma.convert_memory import (
    convert_memory,
    convert_memory_access,
    convert_memory_annotation,
)
from exchange.prisma.convert_message import (
    convert_confirmation,
    convert_message,
    convert_tool_call,
)
from exchange.prisma.convert_session import convert_adapter_session, convert_agent_session
from exchange.prisma.convert_state import convert_module_state, convert_state_transition
from exchange.prisma.converted import Converted
from exchange.prisma.source_values import SourceRow
from resolvers.identifiers import table_of
from resolvers.validation import check_values

_CONVERTERS: dict[str, Callable[[SourceRow], Converted]] = {
    "AI_Agent": convert_agent,
    "AgentVersion": convert_agent_version,
    "AgentMetric": convert_agent_metric,
    "AgentSession": convert_agent_session,
    "Session": convert_adapter_session,
    "Message": convert_message,
    "ToolCall": convert_tool_call,
    "PendingConfirmation": convert_confirmation,
    "SessionMetric": convert_session_metric,
    "SessionEvent": convert_session_event,
    "ModuleState": convert_module_state,
    "StateTransition": convert_state_transition,
    "InteractionMemory": convert_memory,
    "MemoryAccess": convert_memory_access,
    "MemoryAnnotation": convert_memory_annotation,
}

CARRIED = frozenset(_CONVERTERS)
"""The models whose rows are carried over; of the others they are counted."""


def convert(row: SourceRow) -> Converted:
    """Give what a row becomes. Raises `Invalid` for what cannot be stored."""
    converted = _CONVERTERS[row.table.model](row)
    for model, values in converted.values.items():
        check_values(table_of(model), values)
    return converted
