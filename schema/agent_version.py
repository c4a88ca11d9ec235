"""Agent versions in the graph."""

from datetime import datetime

import strawberry

from models import AgentVersion as Model
from resolvers.agent import AGENT
from resolvers.agent_version import AGENT_VERSION
from schema.fields import column, find, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import AgentLink
from schema.scalars import JSON


@node_type(Model, "What an agent was made of from one moment on.")
class AgentVersion(Node):
    """A version; at most one of an agent is active."""

    agent: AgentLink = one(AGENT, Model.agent_id, "The agent.")
    version_number: str = column(Model.version_number, "Its name, unique for the agent.")
    changes: JSON = column(Model.changes, "What changed since the version before.")
    configuration: JSON = column(Model.configuration, "The agent's configuration in this version.")
    performance: JSON = column(Model.performance, "What was measured of the version.")
    created_by: str | None = column(Model.created_by, "Who made it; null if not told.")
    is_active: bool = column(Model.is_active, "Whether new sessions of the agent run it.")
    activated_at: datetime | None = column(
        Model.activated_at, "When it was last activated; null if it never was."
    )
    deactivated_at: datetime | None = column(
        Model.deactivated_at, "When another took its place; null while active or if it never was."
    )
    created_at: datetime = column(Model.created_at, "When it was recorded.")


AgentVersionFilter = filter_type(AgentVersion, Model)
AgentVersionOrder = order_type(AgentVersion, "created_at")


@strawberry.type
class AgentVersionQuery:
    """The root of the graph that leads to an agent's version."""

    agent_version: AgentVersion | None = find(
        AGENT_VERSION, None, "One version by its id; null if there is none."
    )
