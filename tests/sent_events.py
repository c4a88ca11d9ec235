"""Reading event streams: Server-Sent Events, as a client of `graphql-sse` does."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import orjson

ACCEPT = {"accept": "text/event-stream"}


async def read_events(pieces: AsyncIterable[bytes]) -> AsyncIterator[tuple[str, Any]]:
    """Read a stream's events, and `:` for each comment."""
    name, data = "", []
    async for line in _lines(pieces):
        if line.startswith(":"):
            yield ":", None
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif name:
            text = "\n".join(data)
            yield name, orjson.loads(text) if text else None
            name, data = "", []


async def _lines(pieces: AsyncIterable[bytes]) -> AsyncIterator[str]:
    kept = b""
    async for piece in pieces:
        *lines, kept = (kept + piece).split(b"\n")
        for line in lines:
            yield line.decode()
