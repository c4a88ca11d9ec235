"""Agents in the graph."""

from datetime import datetime

import strawberry

from models import Agent as Model
from resolvers.agent import AGENT, AGENT_BY_AGENT_ID, AGENTS
from resolvers.agent_metric import METRICS_BY_AGENT
from resolvers.agent_version import ACTIVE_VERSION, VERSIONS_BY_AGENT
from resolvers.memory import MEMORIES_BY_AGENT
from resolvers.session import SESSIONS_BY_AGENT
from schema.connection import Connection
from schema.fields import column, find, loaded, one, page
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import AgentMetricLink, AgentVersionLink, MemoryLink, SessionLink
from schema.scalars import JSON
from schema.time_series import bucket_count
from schema.usage import UsageBucket, agent_usage
from schema.version_performance import (
    VersionPerformance,
    show_versions,
    version_count,
    version_performance,
)


@node_type(Model, "An agent: what runs sessions, in versions.")
class Agent(Node):
    """An agent with what it ran and remembers."""

    agent_id: str = column(
        Model.agent_id, "The runtime's own name, unique in the project (`gen_ai.agent.id`)."
    )
    name: str = column(Model.name, "A name for people (`gen_ai.agent.name`).")
    description: str | None = column(Model.description, "What the agent does.")
    metadata: JSON = column(Model.meta, "Anything else that is known of the agent.")
    created_at: datetime = column(Model.created_at, "When the agent was recorded.")
    updated_at: datetime = column(Model.updated_at, "When the agent was last changed.")
    revision: int = column(Model.revision, "Counts the changes: 1, 2, 3 …; for `expectedRevision`.")
    active_version: AgentVersionLink | None = one(
        ACTIVE_VERSION, Model.id, "The version that new sessions run; null if none is active."
    )
    versions: Connection[AgentVersionLink] = page(
        VERSIONS_BY_AGENT, Model.id, "All versions, newest first."
    )
    sessions: Connection[SessionLink] = page(
        SESSIONS_BY_AGENT, Model.id, "The sessions it ran, newest first."
    )
    memories: Connection[MemoryLink] = page(
        MEMORIES_BY_AGENT, Model.id, "What it remembers, newest first."
    )
    metrics: Connection[AgentMetricLink] = page(
        METRICS_BY_AGENT, Model.id, "Figures measured of it, newest first."
    )
    usage: list[UsageBucket] = loaded(
        agent_usage,
        Model.id,
        "What its sessions took over time, by their `startedAt`: an entry for each stretch of the "
        "range, in order, also for those in which none started. Every session counts by itself, "
        "whatever its kind.",
        size=bucket_count,
    )
    version_performance: list[VersionPerformance] = loaded(
        version_performance,
        Model.id,
        "How its versions did: an entry for each version that ran a session whose `startedAt` "
        "lies in the range, newest version first, at most 200. Sessions without a version are "
        "not counted.",
        show=show_versions,
        size=version_count,
    )


AgentFilter = filter_type(Agent, Model)
AgentOrder = order_type(Agent, "name", "created_at", "updated_at")


@strawberry.type
class AgentQuery:
    """The roots of the graph that lead to agents."""

    agent: Agent | None = find(
        AGENT,
        AGENT_BY_AGENT_ID,
        "One agent by its id or the runtime's `agentId`; null if there is none.",
    )
    agents: Connection[Agent] = page(AGENTS, None, "All agents of the project, newest first.")
