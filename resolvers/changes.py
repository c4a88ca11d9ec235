"""Notices of what was changed, for those who follow it: ids only, and only after the commit.

A notice says that there may be something new. What it is, its followers read from the store, from
where they were: a notice that is lost delays them and loses nothing, one too many costs a read.
"""

from asyncio import Event, timeout
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias
from uuid import UUID

Topic: TypeAlias = UUID | int
"""What can be followed: the id of a row, which is unique in the world, or that of a project."""
EVERYTHING: Topic = 0
"""All topics at once; no project has this id."""
_MOST_UNTOLD = 5_000
"""More than so many topics are told as everything: to wake all costs less than to name them, and
what nobody takes, as in a process that only imports, stays small."""


class Follower:
    """Waits for notices of some topics."""

    def __init__(self) -> None:
        self._noticed = Event()

    async def wait(self, seconds: float | None = None) -> None:
        """Wait for a notice since the last wait, or until the time is up."""
        with suppress(TimeoutError):
            async with timeout(seconds):
                await self._noticed.wait()
        self._noticed.clear()

    def notice(self) -> None:
        """End the wait, or the next one."""
        self._noticed.set()


class Changes:
    """The notices of one process; `server/notices/` exchanges them with the others."""

    def __init__(self) -> None:
        self.has_untold = Event()
        """Something was changed here and other processes have not been told."""
        self._untold: set[Topic] = set()
        self._followers: dict[Topic, set[Follower]] = {}

    @property
    def is_followed(self) -> bool:
        """Whether there is anyone to wake."""
        return bool(self._followers)

    @contextmanager
    def follow(self, *topics: Topic) -> Iterator[Follower]:
        """Give the notices of some topics while the block runs."""
        follower = Follower()
        for topic in topics:
            self._followers.setdefault(topic, set()).add(follower)
        try:
            yield follower
        finally:
            for topic in topics:
                others = self._followers[topic]
                others.remove(follower)
                if not others:
                    del self._followers[topic]

    def tell(self, topics: Iterable[Topic]) -> None:
        """Tell everyone what this process has changed, after the commit."""
        told = set(topics)
        if told:
            self.wake(told)
            self.keep_untold(told)

    def keep_untold(self, topics: set[Topic]) -> None:
        """Keep what other processes are to be told."""
        self._untold |= topics
        if len(self._untold) > _MOST_UNTOLD:
            self._untold = {EVERYTHING}
        self.has_untold.set()

    def take_untold(self) -> set[Topic]:
        """Take what other processes are to be told, to tell it or to keep it again."""
        untold, self._untold = self._untold, set()
        self.has_untold.clear()
        return untold

    def wake(self, topics: Iterable[Topic]) -> None:
        """Wake the followers of some topics in this process."""
        for topic in topics:
            if topic == EVERYTHING:
                self.wake_all()
            for follower in self._followers.get(topic, ()):
                follower.notice()

    def wake_all(self) -> None:
        """Wake every follower, since notices may have been lost."""
        for followers in self._followers.values():
            for follower in followers:
                follower.notice()
