"""Mutations that record session metrics."""

from datetime import datetime

import strawberry

from resolvers.session import SESSION
from resolvers.session_metric import SESSION_METRIC, record_session_metric
from schema.fields import one
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.session import Session
from schema.session_metric import SessionMetric


@strawberry.input(description="A figure measured of a session.")
class SessionMetricInput:
    """A figure."""

    metric_type: str = required("What was measured.")
    metric_value: float = required("The figure.")
    unit: str | None = optional("Its unit as a UCUM code, such as `ms` or `By`.")
    metadata: JSON | None = optional("Anything else that is known; {} if left out.")
    recorded_at: datetime | None = optional("When it was measured; now if left out.")


@strawberry.input(description="A figure measured of a session.")
class RecordSessionMetricInput(RecordingInput, SessionMetricInput):
    """A figure and the session that it was measured of."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")


@strawberry.type(description="The figure that was recorded.")
class RecordSessionMetricPayload(Payload):
    """The answer of recordSessionMetric."""

    session_metric: SessionMetric | None = one(
        SESSION_METRIC, "session_metric", "The figure; null if deleted since."
    )
    session: Session | None = one(SESSION, "session", "Its session; null if deleted since.")


@strawberry.type
class SessionMetricMutation:
    """The mutations of session metrics."""

    record_session_metric: RecordSessionMetricPayload | None = mutation(
        record_session_metric,
        RecordSessionMetricInput,
        RecordSessionMetricPayload,
        "Record a figure measured of a session.",
    )
