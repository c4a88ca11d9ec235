"""A way to the database that can fall silent, as one does whose other end hangs."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.engine import URL

_PIECE_BYTES = 65_536


@dataclass
class DatabaseProxy:
    """Passes connections on to a database. `url` leads through it."""

    database_url: URL
    url: URL
    keeps_ends: bool = False
    """Whether clients hear nothing of it when the database ends a connection."""
    speaks: asyncio.Event = field(default_factory=asyncio.Event)
    """While this is not set it takes connections, and passes nothing on."""
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)
    """The database has ended a connection."""
    _serving: set["asyncio.Task[None]"] = field(default_factory=set)

    def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass on a connection."""
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def stop(self) -> None:
        """Break off what it passes on."""
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)  # the closed connections are let go of

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        there = self.database_url
        folder = there.query.get("host")
        if isinstance(folder, str):
            path = f"{folder}/.s.PGSQL.{there.port or 5432}"
            other_reader, other_writer = await asyncio.open_unix_connection(path)
        else:
            other_reader, other_writer = await asyncio.open_connection(
                there.host, there.port or 5432
            )
        try:
            with suppress(ConnectionError):
                await asyncio.gather(
                    self._pass(reader, other_writer),
                    self._pass(other_reader, writer, is_answer=True),
                )
        finally:
            writer.close()
            other_writer.close()

    async def _pass(
        self, reader: StreamReader, writer: StreamWriter, *, is_answer: bool = False
    ) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            await self.speaks.wait()
            writer.write(piece)
        if is_answer:
            self.has_ended.set()
        if not (is_answer and self.keeps_ends):
            writer.close()


@asynccontextmanager
async def database_proxy(database_url: URL) -> AsyncIterator[DatabaseProxy]:
    """Run a proxy, which speaks at first."""
    through = database_url.set(host="127.0.0.1", query={})
    proxy = DatabaseProxy(database_url, through)
    proxy.speaks.set()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = through.set(port=server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
        await proxy.stop()
