"""Mutations that record agents."""

import strawberry

from resolvers.agent import AGENT, create_agent, update_agent
from schema.agent import Agent
from schema.fields import one, value
from schema.mutations.declaration import (
    METADATA_PATCH,
    Payload,
    RecordingInput,
    mutation,
    optional,
    required,
)
from schema.scalars import JSON


@strawberry.input(description="A new agent.")
class CreateAgentInput(RecordingInput):
    """What an agent begins with."""

    agent_id: str = required(
        "The runtime's own name, unique in the project (`gen_ai.agent.id`). If there is an agent "
        "of that name made from the same input, it is given back; else CONFLICT."
    )
    name: str = required("A name for people.")
    description: str | None = optional("What the agent does.")
    metadata: JSON | None = optional("Anything else that is known; {} if left out.")


@strawberry.type(description="The agent that was created.")
class CreateAgentPayload(Payload):
    """The answer of createAgent."""

    agent: Agent | None = one(AGENT, "agent", "The agent; null if deleted since.")
    created: bool = value("created", "False if an agent of that `agentId` was there already.")


@strawberry.input(description="Changes of an agent; what is left out stays as it is.")
class UpdateAgentInput(RecordingInput):
    """What can be changed of an agent."""

    agent: strawberry.ID = required("The agent: its id or `agentId`.")
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the agent is at this revision."
    )
    name: str | None = optional("A name for people; must not be null.")
    description: str | None = optional("What the agent does; null for not told.")
    metadata: JSON | None = optional("Replaces the metadata; must not be null.")
    metadata_patch: JSON | None = optional(METADATA_PATCH)


@strawberry.type(description="The agent that was changed.")
class UpdateAgentPayload(Payload):
    """The answer of updateAgent."""

    agent: Agent | None = one(AGENT, "agent", "The agent; null if deleted since.")


@strawberry.type
class AgentMutation:
    """The mutations of agents."""

    create_agent: CreateAgentPayload | None = mutation(
        create_agent, CreateAgentInput, CreateAgentPayload, "Record an agent."
    )
    update_agent: UpdateAgentPayload | None = mutation(
        update_agent, UpdateAgentInput, UpdateAgentPayload, "Change an agent."
    )
