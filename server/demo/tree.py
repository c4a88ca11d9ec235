"""A tree of sample sessions while it is told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Row

from resolvers.agent import AGENT_BY_AGENT_ID
from resolvers.agent_version import VERSIONS_BY_AGENT
from resolvers.page import Page
from resolvers.recording import Recording
from server.demo.catalogue import PEOPLE


@dataclass
class Tree:
    """A tree of sessions while it is told: its own clock, people and chance."""

    recording: Recording
    random: Random
    clock: datetime
    number: int
    is_open: bool
    sessions: list[str] = field(default_factory=list)

    def tick(self, least: float, most: float) -> datetime:
        """Let some seconds pass."""
        self.clock += timedelta(seconds=round(self.random.uniform(least, most), 3))
        return self.clock

    def tell(self, text: str) -> str:
        """Put this tree's order and person into a text."""
        person = PEOPLE[self.number % len(PEOPLE)]
        return text.format(order=f"JX-{2000 + self.number}", name=person)

    def chance(self, probability: float) -> bool:
        """Let chance decide."""
        return self.random.random() < probability

    async def version(self, agent: str) -> Row[Any]:
        """Find the version that an agent ran at this tree's time."""
        connection, project_id = self.recording.connection, self.recording.project_id
        (owner,) = await AGENT_BY_AGENT_ID.fetch(connection, project_id, [agent])
        assert owner is not None  # noqa: S101  recorded before any tree
        (page,) = await VERSIONS_BY_AGENT.fetch(connection, project_id, [owner.id], Page())
        older = (row for row in page.rows if row.created_at <= self.clock)
        return next(older, page.rows[-1])
