"""Agent metrics: their loaders, and how they are recorded."""

from typing import Any

from models import Agent, AgentMetric, AgentVersion
from resolvers.errors import Invalid
from resolvers.loaders import by_id, page_by_column
from resolvers.lookup import find, find_named
from resolvers.recording import Answer, Recording

AGENT_METRIC = by_id(AgentMetric)
METRICS_BY_AGENT = page_by_column(AgentMetric.agent_id, "recorded_at", "id", descending=True)


async def record_agent_metric(
    recording: Recording,
    *,
    agent: str | None = None,
    agent_version: str | None = None,
    **values: Any,
) -> Answer:
    """Record a figure of an agent or of one version. Values are columns of `AgentMetric`."""
    if agent_version is not None:
        version = await find(recording, AgentVersion, agent_version, "agentVersion")
        owner_id = version.agent_id
        if agent is not None:
            owner = await find_named(recording, Agent.agent_id, agent, "agent")
            if owner.id != owner_id:
                raise Invalid("This version is another agent's.", field="agentVersion")
        values["agent_version_id"] = version.id
    elif agent is not None:
        owner_id = (await find_named(recording, Agent.agent_id, agent, "agent")).id
    else:
        raise Invalid("Give `agent`, `agentVersion` or both.", field="agent")
    metric = await recording.insert(AgentMetric, agent_id=owner_id, **values)
    return {"agent_metric": metric.id}
