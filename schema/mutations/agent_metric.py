"""Mutations that record agent metrics."""

from datetime import datetime

import strawberry

from resolvers.agent_metric import AGENT_METRIC, record_agent_metric
from schema.agent_metric import AgentMetric
from schema.fields import one
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON


@strawberry.input(description="A figure measured of an agent.")
class RecordAgentMetricInput(RecordingInput):
    """A figure."""

    agent: strawberry.ID | None = optional(
        "The agent: its id or `agentId`. May be left out with an `agentVersion`."
    )
    agent_version: strawberry.ID | None = optional(
        "The id of the version measured; the whole agent if left out."
    )
    metric_type: str = required("What was measured.")
    metric_value: float = required("The figure.")
    timeframe: str | None = optional("The time it covers, in the runtime's own words.")
    metadata: JSON | None = optional("Anything else that is known; {} if left out.")
    recorded_at: datetime | None = optional("When it was measured; now if left out.")


@strawberry.type(description="The figure that was recorded.")
class RecordAgentMetricPayload(Payload):
    """The answer of recordAgentMetric."""

    agent_metric: AgentMetric | None = one(
        AGENT_METRIC, "agent_metric", "The figure; null if deleted since."
    )


@strawberry.type
class AgentMetricMutation:
    """The mutations of agent metrics."""

    record_agent_metric: RecordAgentMetricPayload | None = mutation(
        record_agent_metric,
        RecordAgentMetricInput,
        RecordAgentMetricPayload,
        "Record a figure measured of an agent or of one version of it.",
    )
