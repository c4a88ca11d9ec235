"""Agent versions: their loaders, and how they are recorded."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, update

from models import Agent, AgentVersion
from resolvers.errors import Invalid
from resolvers.identifiers import encode, table_of
from resolvers.loaders import by_id, one_by_column, page_by_column
from resolvers.lookup import find, find_named
from resolvers.recording import Answer, Recording
from resolvers.validation import check_order

AGENT_VERSION = by_id(AgentVersion)
ACTIVE_VERSION = one_by_column(AgentVersion.agent_id, AgentVersion.is_active.is_(True))
VERSIONS_BY_AGENT = page_by_column(AgentVersion.agent_id, "created_at", "id", descending=True)


async def create_agent_version(
    recording: Recording,
    *,
    agent: str,
    activate: bool = True,
    activated_at: datetime | None = None,
    **values: Any,
) -> Answer:
    """Create a version of an agent and, unless told otherwise, make it the active one.

    Values are columns of `AgentVersion`. Raises `NotFound` for the agent, `Conflict` if the agent
    has a version of that number.
    """
    if activated_at is not None and not activate:
        raise Invalid("Leave it out for a version that is not activated.", field="activatedAt")
    owner = await find_named(recording, Agent.agent_id, agent, "agent", lock=True)
    version = await recording.insert(AgentVersion, agent_id=owner.id, **values)
    if activate:
        await _activate(recording, version, activated_at)
    return {"agent_version": version.id, "agent": owner.id}


async def activate_agent_version(
    recording: Recording, *, agent_version: str, activated_at: datetime | None = None
) -> Answer:
    """Make a version the active one of its agent. Activating the active one changes nothing."""
    version = await find(recording, AgentVersion, agent_version, "agentVersion")
    await find(recording, Agent, encode("agent", version.agent_id), "agentVersion", lock=True)
    version = await find(recording, AgentVersion, agent_version, "agentVersion")
    if not version.is_active:
        await _activate(recording, version, activated_at)
    return {"agent_version": version.id, "agent": version.agent_id}


async def _activate(recording: Recording, version: Row[Any], at: datetime | None) -> None:
    check_order(version.created_at, at, "activatedAt", "the version")
    columns = table_of(AgentVersion).c
    since = recording.now if at is None else at
    await recording.execute(
        update(AgentVersion)
        .where(
            columns.project_id == recording.project_id,
            columns.agent_id == version.agent_id,
            columns.is_active,
        )
        .values(is_active=False, deactivated_at=func.greatest(since, columns.activated_at))
    )
    await recording.change(
        AgentVersion, version.id, is_active=True, activated_at=since, deactivated_at=None
    )
