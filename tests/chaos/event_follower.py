"""A client that follows by subscriptions, over either transport, and is cut off all the time."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.exceptions import ConnectionClosed, WebSocketException

from server.websocket.messages import CloseCode
from tests.chaos.followed_feed import FollowedEvent, FollowedFeed
from tests.chaos.retrying_writer import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Progress,
)
from tests.following_connections import (
    Answers,
    EndedError,
    over_event_stream,
    over_websocket,
)

_MOST_EVENTS = 150
"""Of one connection, until the client cuts it off."""
_HASTY = 0.2
"""How many connections the client cuts off after some time instead, be it in the handshake."""
_HASTY_SECONDS = 2.0
_LOST = 1006
"""What a client says of a connection that ended without a word (RFC 6455, section 7.4.1)."""
_RECONNECT_CODES = {_LOST, CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER}


@dataclass
class EventFollower:
    """Follows a feed over the servers at `addresses`, from the last number it has."""

    feed: FollowedFeed
    addresses: Sequence[str]
    random: Random
    http: httpx2.AsyncClient
    progress: Progress
    events: list[FollowedEvent] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            known = len(self.events)
            follow = self.random.choice([over_websocket, over_event_stream])
            ended = await self._connect(follow)
            self.progress.seen[f"{follow.__name__}: {ended}"] += 1
            pause = FIRST_PAUSE_SECONDS if len(self.events) > known else 2 * pause
            await asyncio.sleep(self.random.uniform(0, min(pause, LONGEST_PAUSE_SECONDS)))

    async def has(self, count: int) -> None:
        """Wait until it has so many events."""
        while len(self.events) < count:
            self._more.clear()
            await self._more.wait()

    async def check(self, engine: AsyncEngine) -> None:
        """Fail unless it sees each event once, in order, with its object."""
        async with engine.connect() as connection:
            stored = await self.feed.stored(connection)
        await self.has(len(stored))
        assert self.events == stored

    async def _connect(self, follow: Any) -> str:
        """Follow over one connection; say how it ended."""
        variables = {**self.feed.variables, "after": self.events[-1].number if self.events else 0}
        answers: Answers = follow(
            self.http, self.random.choice(self.addresses), self.feed.document, variables
        )
        life: int | None = self.random.randrange(_MOST_EVENTS)
        seconds = None
        if self.random.random() < _HASTY:
            life, seconds = None, self.random.uniform(0, _HASTY_SECONDS)
        try:
            async with asyncio.timeout(seconds), aclosing(answers):
                await self._take(answers, life)
        except TimeoutError:
            return "cut by the client"
        except EndedError as ended:
            return str(ended)
        except ConnectionClosed as closed:
            code = _LOST if closed.rcvd is None else closed.rcvd.code
            if code not in _RECONNECT_CODES:
                raise
            return f"closed with {code}"
        except (OSError, WebSocketException, httpx2.TransportError) as error:
            return f"cut: {type(error).__name__}"
        return "cut by the client"

    async def _take(self, answers: Answers, life: int | None) -> None:
        async for answer in answers:
            assert "errors" not in answer, answer
            (event,) = answer["data"].values()
            self.events.append(self.feed.read(event))
            numbers = [each.number for each in self.events[-2:]]
            assert len(numbers) == 1 or numbers[0] < numbers[1], numbers
            self._more.set()
            if life is not None:
                life -= 1
                if life <= 0:
                    return
