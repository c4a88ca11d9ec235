"""Agents, their versions and metrics."""

from exchange.prisma.converted import (
    Converted,
    metadata,
    name_or_none,
    need,
    required_time,
    time_or_kept,
    without_metadata,
)
from exchange.prisma.source_values import SourceRow
from models import Agent, AgentMetric, AgentVersion
from resolvers.lookup import check_own_name


def convert_agent(row: SourceRow) -> Converted:
    """Convert a row of `AI_Agent`: its `id` is the agent's own name."""
    check_own_name(row.id, "id")
    kept = metadata(row)
    values = {
        "agent_id": row.id,
        "name": name_or_none(row, "name") or row.id,
        "description": row.get("description"),
        "created_at": required_time(row),
        "updated_at": time_or_kept(row, "updatedAt", kept),
        "metadata": kept,
    }
    return Converted({Agent: values}, name=row.id)


def convert_agent_version(row: SourceRow) -> Converted:
    """Convert a row of `AgentVersion`."""
    without_metadata(row)
    is_active = bool(row.get("isActive"))
    activated_at = time_or_kept(row, "activatedAt", None)
    made_at = required_time(row)
    values = {
        "version_number": need(row, "versionNumber"),
        "changes": row.letters("changes"),
        "configuration": row.letters("configuration"),
        "performance": row.letters("performance"),
        "created_by": name_or_none(row, "createdById"),
        "created_at": made_at,
        "is_active": is_active,
        "activated_at": activated_at or (made_at if is_active else None),
        "deactivated_at": None if is_active else time_or_kept(row, "deactivatedAt", None),
    }
    return Converted(
        {AgentVersion: values},
        agent=need(row, "agentId"),
        name=values["version_number"],
        is_open=is_active,
    )


def convert_agent_metric(row: SourceRow) -> Converted:
    """Convert a row of `AgentMetric`."""
    values = {
        "metric_type": need(row, "metricType"),
        "metric_value": need(row, "metricValue"),
        "timeframe": name_or_none(row, "timeframe"),
        "recorded_at": required_time(row),
        "metadata": metadata(row),
    }
    return Converted({AgentMetric: values}, agent=need(row, "agentId"))
