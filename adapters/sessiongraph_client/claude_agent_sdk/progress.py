"""What the next append must know of a transcript's earlier entries."""

from dataclasses import astuple, dataclass, field
from typing import Any, Self

from sessiongraph_client.claude_agent_sdk.content import Tokens

_MOST_OPEN_CALLS = 1_000


@dataclass
class Progress:
    """How far the records of a transcript have come."""

    response_id: str | None = None
    """The id of the last response; its further entries continue it."""
    counted: Tokens = field(default_factory=Tokens)
    """The tokens of that response that are recorded."""
    open_calls: dict[str, str] = field(default_factory=dict)
    """The names of the tools that were called and have given no result, by the call's id."""

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        """Read what `write` gave."""
        return cls(
            stored["responseId"],
            Tokens(*stored["counted"]),
            dict(stored["openCalls"]),
        )

    def write(self) -> dict[str, Any]:
        """Give it as JSON; of very many open calls the last."""
        return {
            "responseId": self.response_id,
            "counted": list(astuple(self.counted)),
            "openCalls": dict(list(self.open_calls.items())[-_MOST_OPEN_CALLS:]),
        }
