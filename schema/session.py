"""Sessions in the graph."""

from datetime import datetime
from decimal import Decimal

import strawberry

from models import Session as Model
from models import SessionKind, SessionStatus
from resolvers.agent import AGENT
from resolvers.agent_version import AGENT_VERSION
from resolvers.confirmation import CONFIRMATIONS_BY_SESSION
from resolvers.memory import MEMORIES_BY_SESSION
from resolvers.memory_access import ACCESSES_BY_SESSION
from resolvers.message import MESSAGES_BY_SESSION
from resolvers.module_state import MODULE_STATES_BY_SESSION
from resolvers.session import CHILDREN, DESCENDANTS, SESSION, SESSION_BY_SESSION_ID, SESSIONS
from resolvers.session_event import EVENTS_BY_SESSION
from resolvers.session_item import ITEMS_BY_SESSION
from resolvers.session_metric import METRICS_BY_SESSION
from resolvers.tool_call import TOOL_CALL, TOOL_CALLS_BY_SESSION
from resolvers.usage import SUMS, TreeUsage, own_usage
from schema.connection import Connection
from schema.enums import describe
from schema.fields import column, computed, find, loaded, one, page
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import (
    AgentLink,
    AgentVersionLink,
    ConfirmationLink,
    MemoryAccessLink,
    MemoryLink,
    MessageLink,
    ModuleStateLink,
    SessionEventLink,
    SessionItemLink,
    SessionLink,
    SessionMetricLink,
    ToolCallLink,
)
from schema.scalars import JSON, BigInt
from schema.session_history import history_length, session_history, show_messages
from schema.session_integrity import SessionIntegrity, session_integrity
from schema.usage import Usage

describe(
    SessionKind,
    "How a session came to be.",
    ROOT="Started by itself; it has no parent.",
    SUBAGENT="Started by its parent to do a part of the work.",
    HANDOFF="Took over from its parent.",
    FORK="Tries another way from a point of its parent; not counted in the parent's totals.",
    CONTINUATION="Goes on where its parent ended.",
)
describe(
    SessionStatus,
    "Where a session stands.",
    ACTIVE="It goes on.",
    WAITING="It waits for a person to decide a confirmation.",
    COMPLETED="It ended as it should.",
    FAILED="It ended with an error.",
    CANCELLED="It was stopped.",
    EXPIRED="Its time ran out.",
)


@node_type(Model, "One run of an agent, with the sessions that it started below it.")
class Session(Node):
    """A session, its links to every record in it and to the tree it stands in."""

    session_id: str | None = column(
        Model.session_id,
        "The runtime's own name, unique in the project (`gen_ai.conversation.id`); "
        "null if it gave none.",
    )
    kind: SessionKind = column(Model.kind, "How the session came to be.")
    depth: int = column(Model.depth, "Levels below the root; 0 for a root.")
    parent: SessionLink | None = one(
        SESSION, Model.parent_id, "The session that started this one; null for a root."
    )
    root: SessionLink = one(SESSION, Model.root_id, "The top of the tree; a root is its own.")
    children: Connection[SessionLink] = page(
        CHILDREN, Model.id, "The sessions one level below, oldest first."
    )
    descendants: Connection[SessionLink] = page(
        DESCENDANTS, Model.id, "All sessions below, at any depth, level by level."
    )
    spawned_by_tool_call: ToolCallLink | None = one(
        TOOL_CALL,
        Model.spawned_by_tool_call_id,
        "The tool call that started this session; null if none did.",
    )
    agent: AgentLink | None = one(
        AGENT, Model.agent_id, "The agent; null if none was named or it was deleted."
    )
    agent_version: AgentVersionLink | None = one(
        AGENT_VERSION,
        Model.agent_version_id,
        "The version of the agent that ran; null if the agent had none.",
    )
    user_id: str | None = column(
        Model.user_id, "The person served, by the runtime's own name; null if unknown."
    )
    status: SessionStatus = column(Model.status, "Where the session stands.")
    title: str | None = column(Model.title, "A title for people.")
    purpose: str | None = column(Model.purpose, "What the session is for.")
    business_context: JSON | None = column(
        Model.business_context, "Facts of the business around the session."
    )
    tags: list[str] = column(Model.tags, "Labels to find sessions by.")
    source: str | None = column(Model.source, "Where the session comes from, such as a channel.")
    context: JSON = column(Model.context, "The runtime's own context.")
    metadata: JSON = column(Model.meta, "Anything else that is known of the session.")
    quality_score: float | None = column(
        Model.quality_score, "How good the session was, 0 to 1; null if not judged."
    )
    user_satisfaction: float | None = column(
        Model.user_satisfaction, "How content the person was, 0 to 1; null if unknown."
    )
    learning_outcomes: JSON | None = column(
        Model.learning_outcomes, "What was learned; null if nothing was noted."
    )
    started_at: datetime = column(Model.started_at, "When the session began.")
    ended_at: datetime | None = column(
        Model.ended_at, "When the session ended; null while it goes on."
    )
    last_activity_at: datetime = column(
        Model.last_activity_at, "When something was last recorded in the session."
    )
    expires_at: datetime | None = column(
        Model.expires_at,
        "When the session expires: if it is ACTIVE or WAITING then, it becomes EXPIRED within a "
        "few seconds after. Null for never.",
    )
    created_at: datetime = column(Model.created_at, "When the session was recorded.")
    updated_at: datetime = column(
        Model.updated_at, "When the session itself was last changed, records in it aside."
    )
    revision: int = column(
        Model.revision, "Counts the changes of the session itself; for `expectedRevision`."
    )
    message_count: int = column(Model.message_count, "Messages in the session itself.")
    tool_call_count: int = column(Model.tool_call_count, "Tool calls in the session itself.")
    failed_tool_call_count: int = column(
        Model.failed_tool_call_count, "Tool calls in the session itself that FAILED."
    )
    input_tokens: BigInt = column(
        Model.input_tokens, "Input tokens of the session's own messages, cached ones included."
    )
    output_tokens: BigInt = column(
        Model.output_tokens, "Output tokens of the session's own messages, reasoning included."
    )
    cost_usd: Decimal = column(
        Model.cost_usd, "What the session's own messages cost, in US dollars."
    )
    usage: Usage = computed(
        Model.started_at,
        Model.ended_at,
        Model.last_activity_at,
        *[getattr(Model, name) for name in SUMS],
        function=own_usage,
        description="What the session itself took; sessions below it are not counted.",
    )
    tree_usage: Usage = loaded(
        TreeUsage,
        Model.id,
        "What the session took with all sessions below it, at any depth. A FORK below it counts "
        "by itself: it stands outside with everything below it.",
    )
    integrity: SessionIntegrity = computed(
        Model.id,
        function=session_integrity,
        description="What does not fit together in the session itself, such as a tool call that "
        "it went on without.",
    )
    history: list[MessageLink] = loaded(
        session_history,
        Model.id,
        "The last messages, in order, fit to be given to a model: none is a TOOL message whose "
        "call stands before the history. To that end it begins up to 100 messages earlier than "
        "asked; a TOOL message whose call lies still further back is left out. A TOOL message "
        "that no earlier message asked for stays; see `integrity`.",
        show=show_messages,
        size=history_length,
    )
    messages: Connection[MessageLink] = page(
        MESSAGES_BY_SESSION, Model.id, "What was said, in order."
    )
    tool_calls: Connection[ToolCallLink] = page(
        TOOL_CALLS_BY_SESSION, Model.id, "The tool calls of all messages, oldest first."
    )
    confirmations: Connection[ConfirmationLink] = page(
        CONFIRMATIONS_BY_SESSION, Model.id, "The questions put to people, oldest first."
    )
    module_states: Connection[ModuleStateLink] = page(
        MODULE_STATES_BY_SESSION, Model.id, "The states of the session's modules, oldest first."
    )
    events: Connection[SessionEventLink] = page(
        EVENTS_BY_SESSION, Model.id, "The feed: everything that was recorded, in order."
    )
    metrics: Connection[SessionMetricLink] = page(
        METRICS_BY_SESSION, Model.id, "Figures measured of the session, oldest first."
    )
    items: Connection[SessionItemLink] = page(
        ITEMS_BY_SESSION,
        Model.id,
        "What a framework keeps of its own for the session, in the order in which it came.",
    )
    memories: Connection[MemoryLink] = page(
        MEMORIES_BY_SESSION, Model.id, "The memories made in the session, oldest first."
    )
    memory_accesses: Connection[MemoryAccessLink] = page(
        ACCESSES_BY_SESSION, Model.id, "The uses of memories in the session, oldest first."
    )


SessionFilter = filter_type(Session, Model)
SessionOrder = order_type(
    Session, "created_at", "started_at", "ended_at", "last_activity_at", "quality_score"
)


@strawberry.type
class SessionQuery:
    """The roots of the graph that lead to sessions."""

    session: Session | None = find(
        SESSION,
        SESSION_BY_SESSION_ID,
        "One session by its id or the runtime's `sessionId`; null if there is none.",
    )
    sessions: Connection[Session] = page(
        SESSIONS, None, "All sessions of the project, newest first."
    )
