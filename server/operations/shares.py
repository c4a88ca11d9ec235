"""What each caller may use of the server: how much at once, and how much a minute.

While one caller is alone, all of the process is its own. Where several are active, each runs few
operations at once and few heavy ones, in turns, so that one that floods delays itself and no other.
Everything is counted by this process alone.
"""

from asyncio import Future, get_running_loop
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import Self

from server.caller import Caller
from server.operations.errors import RateLimited
from server.settings import Settings

REFUSAL_PAUSE_SECONDS = 0.25
"""How long a refusal of a key is held back: who floods waits, and costs little."""
_ACTIVE_SECONDS = 0.25
"""Who asked for something within this time is active."""
_SHARED_OPERATIONS = 3
_SHARED_WEIGHT = 1_000
"""What a caller may run at once while others are active, or one heavy operation, which is more."""
_REST = 3
"""While others are active, a caller rests after a heavy operation for so many times as long."""
_KEPT_SHARES = 10_000


@dataclass(slots=True)
class Budget:
    """What may be spent a minute. What is left over is kept for a minute.

    The last spender may overdraw it: then nothing is left until time has made it up.
    """

    name: str
    per_minute: int
    available: float
    since: float

    def fill(self, now: float) -> float:
        """Add what the time since the last call has brought, and give what is available."""
        brought = (now - self.since) / 60 * self.per_minute
        self.available = min(self.available + brought, self.per_minute)
        self.since = now
        return self.available

    def spend(self, amount: int) -> None:
        """Take an amount. Raises `RateLimited` where nothing is left."""
        if self.fill(monotonic()) <= 0:
            seconds = ceil(-self.available / self.per_minute * 60) or 1
            raise RateLimited(
                f"This key has used up its {self.name}: {self.per_minute:,} are allowed a minute. "
                f"Ask for less at once, or again in {seconds} seconds.",
                limit=f"{self.name} a minute",
                value=round(self.per_minute - self.available),
                allowed=self.per_minute,
                retry_after_seconds=seconds,
            )
        self.available -= amount


@dataclass(eq=False, slots=True)
class Share:
    """What one caller uses."""

    cost: Budget | None
    """Objects that its operations could return; None for callers without a key."""
    new_documents: Budget | None
    """Characters of documents that the process had not prepared before."""
    requests: int = 0
    """Under way, waiting ones included."""
    body_bytes: int = 0
    """Of the bodies of these requests."""
    answer_bytes: int = 0
    """Of their answers, which are being sent."""
    running: int = 0
    weight: int = 0
    """Of the operations that are running."""
    waiting: deque[tuple[int, Future[None]]] = field(default_factory=deque)
    last_active: float = 0.0
    rests: int = 0
    """Rests that are not over, each from a heavy operation."""
    is_looked_after: bool = False
    """Whether those that wait are looked at again in a moment."""


class CountedRequest:
    """A request of a caller, from before its body is read until its answer is sent."""

    __slots__ = ("_answer_bytes", "_body_bytes", "_settings", "_share")

    def __init__(self, share: Share, settings: Settings) -> None:
        self._share, self._settings = share, settings
        self._body_bytes = self._answer_bytes = 0

    def __enter__(self) -> Self:
        """Count it. Raises `RateLimited` where the caller has too many, or reads no answers."""
        share, settings = self._share, self._settings
        if share.requests >= settings.max_requests_per_key:
            raise _too_many("requests", share.requests, settings.max_requests_per_key)
        if share.answer_bytes >= settings.max_response_bytes_per_key:
            allowed = settings.max_response_bytes_per_key
            raise _too_many("bytes of answers", share.answer_bytes, allowed)
        share.requests += 1
        return self

    def __exit__(self, *_error: object) -> None:
        """Count it no more."""
        self._share.requests -= 1
        self._share.body_bytes -= self._body_bytes
        self._share.answer_bytes -= self._answer_bytes

    def add_bytes(self, number: int) -> None:
        """Count what came of its body. Raises `RateLimited` where the caller sends too much."""
        share, allowed = self._share, self._settings.max_body_bytes_per_key
        self._body_bytes += number
        share.body_bytes += number
        if share.body_bytes > allowed:
            raise _too_many("bytes of requests", share.body_bytes, allowed)

    def add_answer(self, number: int) -> None:
        """Count the bytes of its answer, which is to be sent."""
        self._answer_bytes = number
        self._share.answer_bytes += number


def _too_many(what: str, value: int, allowed: int) -> RateLimited:
    return RateLimited(
        f"This key has {value:,} {what} under way; {allowed:,} are allowed. Send the next request "
        "when you have read an answer.",
        limit=f"{what} under way",
        value=value,
        allowed=allowed,
        retry_after_seconds=1,
    )


class Turn:
    """The turn of one operation: waits for it on entering, and gives it back."""

    __slots__ = ("_began", "_share", "_shares", "_weight")

    def __init__(self, shares: "Shares", share: Share, weight: int) -> None:
        self._shares, self._share, self._weight = shares, share, weight

    async def __aenter__(self) -> None:
        """Wait for the turn."""
        await self._shares.begin(self._share, self._weight)
        self._began = monotonic()

    async def __aexit__(self, *_error: object) -> None:
        """Give it back."""
        self._shares.end(self._share, self._weight, monotonic() - self._began)


class Shares:
    """Gives each caller its share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shares: OrderedDict[Hashable, Share] = OrderedDict()
        """Who was active last stands last."""

    def of(self, caller: Caller) -> Share:
        """Give a caller's share; it is active now."""
        identity, now = caller.identity, monotonic()
        share = self._shares.get(identity)
        if share is None:
            share = self._shares[identity] = self._new(has_budget=identity is not None, now=now)
            self._forget_idle()
        else:
            self._shares.move_to_end(identity)
        share.last_active = now
        return share

    def request(self, share: Share) -> CountedRequest:
        """Count a request, while it is entered."""
        return CountedRequest(share, self._settings)

    async def begin(self, share: Share, weight: int) -> None:
        """Wait for the turn of an operation, whose weight is what it costs."""
        if not share.waiting and self._may_begin(share, weight):
            share.running += 1
            share.weight += weight
            return
        turn = get_running_loop().create_future()
        share.waiting.append((weight, turn))
        self._look_later(share)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # it came as the request was stopped
                self.end(share, weight, 0)
            raise

    def end(self, share: Share, weight: int, seconds: float) -> None:
        """End the turn of an operation, which took so many seconds."""
        share.running -= 1
        share.weight -= weight
        share.last_active = monotonic()
        if weight >= _SHARED_WEIGHT and self._has_company(share):
            share.rests += 1
            get_running_loop().call_later(_REST * seconds, self._end_rest, share)
        self._let_begin(share)

    def _end_rest(self, share: Share) -> None:
        share.rests -= 1
        self._let_begin(share)

    def _let_begin(self, share: Share) -> None:
        while share.waiting and self._may_begin(share, share.waiting[0][0]):
            next_weight, turn = share.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                share.running += 1
                share.weight += next_weight

    def _look_later(self, share: Share) -> None:
        # nothing tells that the others have fallen silent
        if not share.is_looked_after:
            share.is_looked_after = True
            get_running_loop().call_later(_ACTIVE_SECONDS, self._look, share)

    def _look(self, share: Share) -> None:
        share.is_looked_after = False
        self._let_begin(share)
        if share.waiting:
            self._look_later(share)

    def _may_begin(self, share: Share, weight: int) -> bool:
        if self._has_company(share):
            if share.rests or not share.running:
                return not share.rests
            is_light = share.weight + weight <= _SHARED_WEIGHT
            return is_light and share.running < _SHARED_OPERATIONS
        return share.running < self._settings.max_concurrent_operations_per_key

    def _has_company(self, share: Share) -> bool:
        for other in reversed(self._shares.values()):
            if other is not share:
                return other.last_active > monotonic() - _ACTIVE_SECONDS
        return False

    def _new(self, *, has_budget: bool, now: float) -> Share:
        settings = self._settings
        if not has_budget:
            return Share(None, None)
        cost = settings.max_cost_per_minute
        characters = settings.max_new_document_characters_per_minute
        return Share(
            Budget("cost", cost, cost, now),
            Budget("characters of new documents", characters, characters, now),
        )

    def _forget_idle(self) -> None:
        if len(self._shares) > _KEPT_SHARES:
            shares = self._shares.items()  # the least active first
            idle = next((identity for identity, share in shares if not share.requests), None)
            if idle is not None:
                del self._shares[idle]
