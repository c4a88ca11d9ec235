"""Agent metrics in the graph."""

from datetime import datetime

from models import AgentMetric as Model
from resolvers.agent import AGENT
from resolvers.agent_version import AGENT_VERSION
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import AgentLink, AgentVersionLink
from schema.scalars import JSON


@node_type(Model, "A figure measured of an agent or of one version of it.")
class AgentMetric(Node):
    """A figure over a timeframe."""

    agent: AgentLink = one(AGENT, Model.agent_id, "The agent measured.")
    agent_version: AgentVersionLink | None = one(
        AGENT_VERSION, Model.agent_version_id, "The version measured; null for the whole agent."
    )
    metric_type: str = column(Model.metric_type, "What was measured.")
    metric_value: float = column(Model.metric_value, "The figure.")
    timeframe: str | None = column(
        Model.timeframe, "The time it covers, in the runtime's own words; null for a moment."
    )
    metadata: JSON = column(Model.meta, "Anything else that is known of the figure.")
    recorded_at: datetime = column(Model.recorded_at, "When it was measured.")
    created_at: datetime = column(Model.created_at, "When it was recorded here.")


AgentMetricFilter = filter_type(AgentMetric, Model)
AgentMetricOrder = order_type(AgentMetric, "recorded_at", "metric_value")
