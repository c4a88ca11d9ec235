"""A tree of sample sessions while it is told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Row

from resolvers.agent import AGENT_BY_AGENT_ID
from resolvers.agent_version import VERSIONS_BY_AGENT
from resolvers.page import PageArguments
from resolvers.recording import Recording
from server.demo.catalogue import PEOPLE, PRODUCTS, SampleAgent, SampleVersion, Topic


@dataclass
class Tree:
    """A tree of sessions while it is told: its own clock, people and chance.

    `name` is that of its topmost session, `present` the time that nothing may lie behind.
    """

    recording: Recording
    random: Random
    clock: datetime
    present: datetime
    number: int
    name: str
    is_open: bool
    sessions: list[str] = field(default_factory=list)
    words: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        product = self.random.choice(PRODUCTS)
        self.words = {
            "order": f"JX-{2000 + self.number}",
            "name": PEOPLE[self.number % len(PEOPLE)],
            "product": product,
            "product_name": product.replace(" ", "_"),
            "amount": str(self.random.randint(9, 180)),
            "minutes": str(self.random.randint(5, 50)),
        }

    def tick(self, least: float, most: float) -> datetime:
        """Let some seconds pass."""
        self.clock += timedelta(seconds=round(self.random.uniform(least, most), 3))
        return self.clock

    def later(self) -> datetime:
        """Choose a moment between now in the tree and the present, leaving the clock as it is."""
        return self.clock + (self.present - self.clock) * self.random.random()

    def tell(self, text: str) -> str:
        """Put this tree's order, person and so on into a text."""
        return text.format(**self.words)

    def chance(self, probability: float) -> bool:
        """Let chance decide."""
        return self.random.random() < probability

    async def version(self, agent: str) -> Row[Any]:
        """Find the version that an agent ran at this tree's time."""
        connection, project_id = await self.recording.connection(), self.recording.project_id
        (owner,) = await AGENT_BY_AGENT_ID.fetch(connection, project_id, [agent])
        assert owner is not None  # noqa: S101  recorded before any tree
        first = VERSIONS_BY_AGENT.page(PageArguments())
        (page,) = await VERSIONS_BY_AGENT.fetch(connection, project_id, [owner.id], first)
        older = (row for row in page.rows if row.created_at <= self.clock)
        return next(older, page.rows[-1])


@dataclass(frozen=True)
class SampleSession:
    """One session of a tree: who holds it, with which version, about what."""

    tree: Tree
    name: str
    agent: SampleAgent
    version: SampleVersion
    topic: Topic
    depth: int
