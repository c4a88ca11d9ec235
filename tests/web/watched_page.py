"""A page of the browser that is watched for what no page of ours may do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, WebSocket


class Watch:
    """What went wrong in a browser's pages, and what they asked of other hosts."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self._host = urlsplit(address).netloc
        self._faults: list[str] = []
        self._expected: list[str] = []
        context.route("**/*", self._check_request)
        context.on("page", self._watch)

    def expect(self, pattern: str) -> None:
        """Take faults like this one as what the test is about."""
        self._expected.append(pattern)

    def check(self) -> None:
        """Fail if anything went wrong."""
        faults = [
            fault
            for fault in self._faults
            if not any(re.search(pattern, fault) for pattern in self._expected)
        ]
        assert faults == []

    def _watch(self, page: Page) -> None:
        page.on("console", self._check_console)
        page.on("pageerror", lambda error: self._faults.append(f"error: {error}"))
        page.on("websocket", self._check_socket)

    def _check_request(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.netloc == self._host or url.scheme in {"data", "blob"}:
            route.continue_()
        else:
            self._faults.append(f"request: {route.request.url}")
            route.abort()

    def _check_socket(self, socket: WebSocket) -> None:
        if urlsplit(socket.url).netloc != self._host:
            self._faults.append(f"socket: {socket.url}")

    def _check_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._faults.append(f"console: {message.text}")


@contextmanager
def watched(context: BrowserContext, address: str) -> Iterator[Watch]:
    """Watch a browser's context until the block ends, and fail if anything went wrong in it."""
    watch = Watch(context, address)
    yield watch
    watch.check()
