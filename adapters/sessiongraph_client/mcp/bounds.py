"""Whose memories are served."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bounds:
    """Whose memories are served, and which session they are used in.

    With an `agent` (its id or `agentId`), new memories are the agent's, and only its own and those
    that all agents share are found. With a `user`, new memories are about that person, and only
    those about them or about nobody are found. With a `session` (its id or `sessionId`), memories
    are made and used in it. Agent and session must be there already.
    """

    agent: str | None = None
    user: str | None = None
    session: str | None = None

    def filters(self) -> list[dict[str, Any]]:
        """Give the parts of a `MemoryFilter` that keep others' memories out."""
        owners = {"agent": self.agent, "userId": self.user}
        return [
            {"or": [{field: {"eq": owner}}, {field: {"isNull": True}}]}
            for field, owner in owners.items()
            if owner is not None
        ]
