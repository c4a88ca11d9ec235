"""How much was recorded."""

from dataclasses import dataclass
from typing import Self


@dataclass(slots=True)
class Added:
    """How much was recorded of spans."""

    sessions: int = 0
    messages: int = 0
    tool_calls: int = 0

    def __iadd__(self, other: "Added") -> Self:
        """Add up."""
        self.sessions += other.sessions
        self.messages += other.messages
        self.tool_calls += other.tool_calls
        return self
