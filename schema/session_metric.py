"""Session metrics in the graph."""

from datetime import datetime

from models import SessionMetric as Model
from resolvers.session import SESSION
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink
from schema.scalars import JSON


@node_type(Model, "A figure measured of a session.")
class SessionMetric(Node):
    """A figure with its unit."""

    session: SessionLink = one(SESSION, Model.session_id, "The session measured.")
    metric_type: str = column(Model.metric_type, "What was measured.")
    metric_value: float = column(Model.metric_value, "The figure.")
    unit: str | None = column(
        Model.unit, "Its unit as a UCUM code, such as `ms` or `By`; null if it has none."
    )
    metadata: JSON = column(Model.meta, "Anything else that is known of the figure.")
    recorded_at: datetime = column(Model.recorded_at, "When it was measured.")
    created_at: datetime = column(Model.created_at, "When it was recorded here.")


SessionMetricFilter = filter_type(SessionMetric, Model)
SessionMetricOrder = order_type(SessionMetric, "recorded_at", "metric_value")
