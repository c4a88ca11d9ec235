"""A client that follows the feed of a session through all that happens."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.identifiers import encode
from tests.chaos.retrying_writer import Progress

_DOCUMENT = """
    query ($id: ID!, $after: String) { session(id: $id) { events(first: 200, after: $after) {
        nodes { id sequence } pageInfo { endCursor } } } }"""
_EVENTS = """
    SELECT e.id FROM session_events e
    JOIN sessions s ON s.project_id = e.project_id AND s.id = e.session_id
    WHERE s.session_id = :session ORDER BY e.sequence"""


@dataclass
class FeedFollower:
    """Reads a session's events behind the last one that it has, from one server or another."""

    session: str
    addresses: Sequence[str]
    random: Random
    http: httpx2.AsyncClient
    progress: Progress
    events: list[str] = field(default_factory=list)
    """The ids of the events, of which the first has the sequence 1."""
    _after: str | None = None

    async def run(self) -> None:
        """Follow the feed until all is over."""
        while not self.progress.is_over:
            await self.read_on()
            await asyncio.sleep(0.1)

    async def read_to_the_end(self) -> None:
        """Read what there is."""
        while await self.read_on():
            pass

    async def check(self, engine: AsyncEngine) -> None:
        """Fail unless it has each event of the session, in order."""
        async with engine.connect() as connection:
            found = await connection.scalars(text(_EVENTS), {"session": self.session})
            assert [encode("session_event", event) for event in found] == self.events

    async def read_on(self) -> bool:
        """Read a page, if a server answers; say whether there was something in it."""
        address = self.random.choice(self.addresses)
        body = {"query": _DOCUMENT, "variables": {"id": self.session, "after": self._after}}
        try:
            response = await self.http.post(f"{address}/graphql", json=body)
        except httpx2.TransportError:
            return False
        reply: dict[str, Any] = response.json()
        if "errors" in reply:
            codes = {error["extensions"]["code"] for error in reply["errors"]}
            assert codes == {"UNAVAILABLE"}, reply
            return False
        page = reply["data"]["session"]["events"]
        for event in page["nodes"]:
            self.events.append(event["id"])
            assert event["sequence"] == len(self.events), "an event was missed"
        self._after = page["pageInfo"]["endCursor"] or self._after
        return bool(page["nodes"])
