"""A way to the server on which answers can be lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass
class LosingProxy:
    """Passes requests on, one a connection, and loses the answers to those that hold a text."""

    server: str
    url: str = ""
    lost: str | None = None

    @classmethod
    @asynccontextmanager
    async def start(cls, server: str) -> AsyncIterator[Self]:
        """Listen, for as long as the block runs."""
        proxy = cls(server)
        listening = await asyncio.start_server(proxy._pass_on, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with listening:
            yield proxy

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")[1:-2]
        names = dict(line.split(b": ", 1) for line in lines)
        body = await reader.readexactly(int(names[b"content-length"]))
        address = urlsplit(self.server)
        answers, requests = await asyncio.open_connection(address.hostname, address.port)
        kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection")]
        requests.write(b"\r\n".join([*kept[:-2], b"Connection: close", b"", b""]) + body)
        answer = await answers.read()
        requests.close()
        if self.lost is None or self.lost.encode() not in body:
            writer.write(answer)
            await writer.drain()
        writer.close()
