"""Usage in the graph: what sessions took."""

from datetime import datetime
from decimal import Decimal

import strawberry

from resolvers.agent_usage import AgentUsage
from resolvers.time_series import TimeSeries
from schema.access import READABLE
from schema.scalars import BigInt
from schema.time_series import Bucket, From, To


@strawberry.type(description="What one or more sessions took.")
class Usage:
    """Counts, tokens, cost and time."""

    session_count: int = strawberry.field(
        description="Sessions that are counted here.", metadata=READABLE
    )
    message_count: int = strawberry.field(description="Messages in them.", metadata=READABLE)
    tool_call_count: int = strawberry.field(description="Tool calls in them.", metadata=READABLE)
    failed_tool_call_count: int = strawberry.field(
        description="Tool calls in them that FAILED.", metadata=READABLE
    )
    input_tokens: BigInt = strawberry.field(
        description="Input tokens, cached ones included.", metadata=READABLE
    )
    output_tokens: BigInt = strawberry.field(
        description="Output tokens, reasoning included.", metadata=READABLE
    )
    cost_usd: Decimal = strawberry.field(
        description="Cost in US dollars; messages whose cost was not reported count as 0.",
        metadata=READABLE,
    )
    duration_ms: BigInt = strawberry.field(
        description="Milliseconds from the first start to the last end; where a session goes on, "
        "to its last activity.",
        metadata=READABLE,
    )


@strawberry.type(description="What the sessions took that started in one stretch of time.")
class UsageBucket(Usage):
    """A point of a chart."""

    start: datetime = strawberry.field(
        description="When the stretch begins, in UTC; for the first one this may lie before "
        "`from`.",
        metadata=READABLE,
    )
    duration_ms: BigInt = strawberry.field(
        description="Milliseconds that each session took from its start to its end, added up; "
        "where a session goes on, to its last activity.",
        metadata=READABLE,
    )


def agent_usage(from_: From, to: To, bucket: Bucket) -> AgentUsage:
    """Make the loader of an agent's usage over time."""
    return AgentUsage(TimeSeries(from_, to, bucket))
