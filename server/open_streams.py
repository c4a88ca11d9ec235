"""Connections that stay open, WebSockets and event streams: counted, and told when to end."""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from resolvers.errors import Unavailable
from server.caller import Caller
from server.operations.errors import check_room
from server.settings import Settings

CHECK_SECONDS = 5.0
"""Within which the connections of a revoked key are closed."""
_ADVICE = "Close one, or try later."

StillValid = Callable[[Caller], Awaitable[bool]]
"""Tells whether a caller that was let in would be let in now."""


@dataclass(eq=False, slots=True)
class OpenStream:
    """One connection that stays open."""

    stop: Callable[[], None]
    """Called once, when the server stops."""
    _streams: "OpenStreams"
    _owners: list[Hashable] = field(default_factory=list)

    def belongs_to(self, caller: Caller) -> None:
        """Count the connection for a caller. Raises `RateLimited` where it has too many."""
        self._streams.count(caller)
        self._owners.append(caller.identity)


class OpenStreams:
    """The connections of one process that stay open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: set[OpenStream] = set()
        self._by_identity: Counter[Hashable] = Counter()
        self._is_stopping = False
        self._when_stopping: list[Callable[[], None]] = []

    @property
    def number(self) -> int:
        """How many are open."""
        return len(self._open)

    @contextmanager
    def open(self, stop: Callable[[], None]) -> Iterator[OpenStream]:
        """Count a connection while the block runs. Raises `Unavailable` or `RateLimited`."""
        if self._is_stopping:
            raise Unavailable("The server is stopping; try again.")
        # the other half is for requests
        allowed = self._settings.max_connections // 2
        check_room("open streams", len(self._open), allowed, advice=_ADVICE)
        stream = OpenStream(stop, self)
        self._open.add(stream)
        try:
            yield stream
        finally:
            self._open.remove(stream)
            for identity in stream._owners:  # noqa: SLF001  they are one thing in two classes
                self._by_identity[identity] -= 1
                if not self._by_identity[identity]:
                    del self._by_identity[identity]

    def count(self, caller: Caller) -> None:
        """Count a connection of a caller; those without a key are only counted together."""
        if caller.identity is not None:
            allowed = self._settings.max_connections_per_key
            found = self._by_identity[caller.identity]
            check_room("open streams of a key", found, allowed, advice=_ADVICE)
        self._by_identity[caller.identity] += 1

    def when_stopping(self, action: Callable[[], None]) -> None:
        """Do something else when the server stops."""
        self._when_stopping.append(action)

    def stop(self) -> None:
        """Tell each connection to end, and let no other in."""
        self._is_stopping = True
        for action in self._when_stopping:
            action()
        for stream in list(self._open):
            stream.stop()
