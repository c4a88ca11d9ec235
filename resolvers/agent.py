"""Agents: their loaders, and how they are recorded."""

from typing import Any

from models import Agent
from resolvers.identifiers import table_of
from resolvers.loaders import by_id, one_by_column, page_of_project
from resolvers.lookup import check_own_name, check_revision, check_same_input, find_named
from resolvers.merge_patch import patch_metadata
from resolvers.recording import Answer, Recording, digest
from resolvers.validation import check_values

AGENT = by_id(Agent)
AGENT_BY_AGENT_ID = one_by_column(Agent.agent_id)
AGENTS = page_of_project(Agent)


async def create_agent(recording: Recording, *, agent_id: str, name: str, **values: Any) -> Answer:
    """Create an agent, or give the one of that `agent_id` if it was created from the same input.

    Values are columns of `Agent`. Raises `Invalid`, and `Conflict` if the one there differs.
    """
    check_own_name(agent_id, "agentId")
    values |= {"agent_id": agent_id, "name": name}
    check_values(table_of(Agent), values)
    input_hash = digest(values)
    created = await recording.insert_many(
        Agent, [{**values, "input_hash": input_hash}], key="agent_id"
    )
    if created:
        return {"agent": created[0].id, "created": True}
    existing = await find_named(recording, Agent.agent_id, agent_id, "agentId")
    check_same_input(existing, input_hash, "agentId")
    return {"agent": existing.id, "created": False}


async def update_agent(
    recording: Recording, *, agent: str, expected_revision: int | None = None, **changes: Any
) -> Answer:
    """Change an agent. Changes are columns of `Agent`; None sets null.

    `metadata_patch` is a JSON merge patch of the metadata. Raises `Conflict` if the agent is no
    longer at the expected revision.
    """
    current = await find_named(recording, Agent.agent_id, agent, "agent", lock=True)
    check_revision(current, expected_revision)
    if not changes:
        return {"agent": current.id}
    changes = patch_metadata(current, changes)
    changed = await recording.change(
        Agent, current.id, **changes, revision=current.revision + 1, updated_at=recording.now
    )
    return {"agent": changed.id}
