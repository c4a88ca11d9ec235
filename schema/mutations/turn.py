"""The mutation that records a whole turn."""

import strawberry

from resolvers.memory_access import MEMORY_ACCESS
from resolvers.message import MESSAGE
from resolvers.session import SESSION
from resolvers.session_metric import SESSION_METRIC
from resolvers.state_transition import STATE_TRANSITION
from resolvers.tool_call import TOOL_CALL
from resolvers.turn import MAXIMUM_ITEMS, record_turn
from schema.fields import many, one
from schema.memory_access import MemoryAccess
from schema.message import Message
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.mutations.memory_access import MemoryAccessInput
from schema.mutations.message import MessageInput
from schema.mutations.module_state import ModuleStateInput, StateTransitionInput
from schema.mutations.session_metric import SessionMetricInput
from schema.session import Session
from schema.session_metric import SessionMetric
from schema.state_transition import StateTransition
from schema.tool_call import ToolCall

_AT_MOST = f"; {MAXIMUM_ITEMS} at most."


@strawberry.input(description="What a runtime has to record at the end of a turn.")
class RecordTurnInput(RecordingInput):
    """A turn: messages, and what happened with them."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")
    messages: list[MessageInput] = required(
        "The turn's messages in order, with their tool calls, results and usage" + _AT_MOST
    )
    module_states: list[ModuleStateInput] | None = optional(
        "Whole states of modules, after the messages" + _AT_MOST
    )
    state_transitions: list[StateTransitionInput] | None = optional(
        "Changes of modules' states, after `moduleStates`" + _AT_MOST
    )
    memory_accesses: list[MemoryAccessInput] | None = optional(
        "Uses of memories; they belong to the turn's last message" + _AT_MOST
    )
    session_metrics: list[SessionMetricInput] | None = optional(
        "Figures measured of the session" + _AT_MOST
    )


@strawberry.type(description="The turn that was recorded.")
class RecordTurnPayload(Payload):
    """The answer of recordTurn."""

    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")
    messages: list[Message] = many(MESSAGE, "messages", "The messages, in order.")
    tool_calls: list[ToolCall] = many(
        TOOL_CALL, "tool_calls", "The tool calls of all messages, in order."
    )
    state_transitions: list[StateTransition] = many(
        STATE_TRANSITION, "state_transitions", "The transitions, those of whole states first."
    )
    memory_accesses: list[MemoryAccess] = many(
        MEMORY_ACCESS, "memory_accesses", "The uses of memories, in order."
    )
    session_metrics: list[SessionMetric] = many(
        SESSION_METRIC, "session_metrics", "The figures, in order."
    )


@strawberry.type
class TurnMutation:
    """The mutation of turns."""

    record_turn: RecordTurnPayload | None = mutation(
        record_turn,
        RecordTurnInput,
        RecordTurnPayload,
        "Record a turn of a session in one transaction: messages with their tool calls and "
        "results, states, uses of memories and figures. All of it or nothing.",
    )
