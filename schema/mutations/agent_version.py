"""Mutations that record agent versions."""

from datetime import datetime

import strawberry

from resolvers.agent import AGENT
from resolvers.agent_version import (
    AGENT_VERSION,
    activate_agent_version,
    create_agent_version,
)
from schema.agent import Agent
from schema.agent_version import AgentVersion
from schema.fields import one
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON


@strawberry.input(description="A new version of an agent.")
class CreateAgentVersionInput(RecordingInput):
    """What a version is made of."""

    agent: strawberry.ID = required("The agent: its id or `agentId`.")
    version_number: str = required("Its name, unique for the agent, such as 1.2.0.")
    changes: JSON | None = optional("What changed since the version before; {} if left out.")
    configuration: JSON | None = optional("The agent's configuration; {} if left out.")
    performance: JSON | None = optional("What was measured of the version; {} if left out.")
    created_by: str | None = optional("Who made it.")
    created_at: datetime | None = optional("When it was made; now if left out.")
    activate: bool = strawberry.field(
        default=True, description="Whether new sessions run it from now on, in the others' place."
    )
    activated_at: datetime | None = optional(
        "When it was activated, not before its `createdAt`; now if left out."
    )


@strawberry.input(description="The version to activate.")
class ActivateAgentVersionInput(RecordingInput):
    """Which version new sessions run."""

    agent_version: strawberry.ID = required("The version's id.")
    activated_at: datetime | None = optional(
        "When it was activated, not before the version's `createdAt`; now if left out."
    )


@strawberry.type(description="The version with its agent.")
class AgentVersionPayload(Payload):
    """What the mutations of versions answer alike."""

    agent_version: AgentVersion | None = one(
        AGENT_VERSION, "agent_version", "The version; null if deleted since."
    )
    agent: Agent | None = one(AGENT, "agent", "Its agent; null if deleted since.")


@strawberry.type(description="The version that was created.")
class CreateAgentVersionPayload(AgentVersionPayload):
    """The answer of createAgentVersion."""


@strawberry.type(description="The version that was activated.")
class ActivateAgentVersionPayload(AgentVersionPayload):
    """The answer of activateAgentVersion."""


@strawberry.type
class AgentVersionMutation:
    """The mutations of agent versions."""

    create_agent_version: CreateAgentVersionPayload | None = mutation(
        create_agent_version,
        CreateAgentVersionInput,
        CreateAgentVersionPayload,
        "Record a version of an agent; it becomes the active one unless told otherwise.",
    )
    activate_agent_version: ActivateAgentVersionPayload | None = mutation(
        activate_agent_version,
        ActivateAgentVersionInput,
        ActivateAgentVersionPayload,
        "Let new sessions of the agent run this version; it is also the way back to an older one.",
    )
