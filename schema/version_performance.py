"""How an agent's versions did, in the graph."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import strawberry
from sqlalchemy import Row

from resolvers.agent_version import AGENT_VERSION
from resolvers.time_series import TimeRange
from resolvers.version_performance import MAXIMUM_VERSIONS
from resolvers.version_performance import VersionPerformance as Loader
from schema.fields import one, value
from schema.references import AgentVersionLink
from schema.scalars import BigInt
from schema.time_series import From, To


@strawberry.type(
    description="How one version of an agent did in the sessions that started in a range of time."
)
class VersionPerformance:
    """An entry of a comparison of versions."""

    row: strawberry.Private[Mapping[str, Any]]
    version: AgentVersionLink = one(AGENT_VERSION, "agent_version", "The version.")
    session_count: int = value("session_count", "Sessions that ran it, at least 1.")
    tool_call_count: int = value("tool_call_count", "Tool calls in them.")
    failed_tool_call_rate: float | None = value(
        "failed_tool_call_rate",
        "The part of the tool calls that FAILED, 0 to 1; null if there were none.",
    )
    mean_quality: float | None = value(
        "mean_quality", "The mean of `qualityScore`, 0 to 1; null if no session was judged."
    )
    input_tokens: BigInt = value("input_tokens", "Input tokens, cached ones included.")
    output_tokens: BigInt = value("output_tokens", "Output tokens, reasoning included.")
    cost_usd: Decimal = value(
        "cost_usd", "Cost in US dollars; messages whose cost was not reported count as 0."
    )
    p50_latency_ms: float | None = value(
        "p50_latency_ms",
        "The median of `durationMs` of the ASSISTANT messages, in milliseconds; null if none "
        "reported it.",
    )
    p95_latency_ms: float | None = value(
        "p95_latency_ms",
        "What 95 of 100 ASSISTANT messages stayed within, in milliseconds of `durationMs`, "
        "interpolated; null if none reported it.",
    )


def version_performance(from_: From, to: To) -> Loader:
    """Make the loader of how an agent's versions did."""
    return Loader(TimeRange(from_, to))


def show_versions(rows: Sequence[Row[Any]]) -> list[VersionPerformance]:
    """Show the figures of each version."""
    return [VersionPerformance(row=row._asdict()) for row in rows]


def version_count(_: Mapping[str, Any]) -> int:
    """Tell how many versions there can be."""
    return MAXIMUM_VERSIONS
