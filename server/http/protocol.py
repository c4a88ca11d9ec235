"""uvicorn's HTTP protocol, and what a client that does not read can make of it.

uvicorn alone would keep a connection whose client reads nothing, and what was not sent, for as long
as the client's machine answers: also when the application has given it up.
"""

from asyncio import TimerHandle

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.settings import Settings

_GRACE_SECONDS = 1.0
"""For the application to give a slow client up by itself, and say so in the log."""


def http_protocol(settings: Settings) -> type["HTTPProtocol"]:
    """Make the class that uvicorn makes one of for each connection."""

    class ConfiguredProtocol(HTTPProtocol):
        patience = settings.send_timeout_seconds + _GRACE_SECONDS

    return ConfiguredProtocol


class HTTPProtocol(HttpToolsProtocol):
    """One connection."""

    patience: float
    """Seconds within which a client must have read what waits, when that is much."""
    _cut_off: TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait for the client to read, for a while."""
        super().pause_writing()
        self._cut_off = self.loop.call_later(self.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._keep()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._keep()
        super().connection_lost(exc)

    def _keep(self) -> None:
        if self._cut_off is not None:
            self._cut_off.cancel()
            self._cut_off = None
