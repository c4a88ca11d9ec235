"""Several server processes on one port, and the process that keeps them running.

The parent opens the store and the port; the workers only serve. One that ends is replaced: at once
if it had served for a while, else after a pause that doubles each time. Each worker holds a pipe to
the parent and drains when the parent is gone, however it went.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from tempfile import TemporaryDirectory

import structlog
from sqlalchemy.engine import URL

from server.database import create_engine
from server.listening import listen_beside_others
from server.metrics import forget_worker, share_with_other_workers
from server.operator_error import OperatorError
from server.process import DRAIN_SECONDS, Server, run
from server.settings import Settings
from server.structured_logs import configure_logs

_STEADY_SECONDS = 60.0
"""A worker that lasted so long did not end from how it started."""
_LONGEST_PAUSE_SECONDS = 30.0
_KILL_SECONDS = DRAIN_SECONDS + 10
"""When a worker that was told to stop is killed."""

_spawn = get_context("spawn")
_log = structlog.get_logger()


class Workers:
    """Keeps as many workers running as the settings say."""

    def __init__(self, settings: Settings, url: URL) -> None:
        self._settings = settings
        self._url = url
        self._stopping = asyncio.Event()
        self._running: set[SpawnProcess] = set()
        self._ready: set[int] = set()
        self._metrics = ""

    async def run(self, when_ready: Callable[[], None]) -> None:
        """Run until SIGINT or SIGTERM; `when_ready` is called once every worker serves.

        Raises `OperatorError` if one of the first does not start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)

        def count_ready(place: int) -> None:
            self._ready.add(place)
            if len(self._ready) == self._settings.workers:
                when_ready()

        with TemporaryDirectory(prefix="sessiongraph-metrics-") as self._metrics:
            places = range(self._settings.workers)
            keeping = [asyncio.create_task(self._keep(place, count_ready)) for place in places]
            await asyncio.wait(keeping, return_when=asyncio.FIRST_COMPLETED)
            if not self._stopping.is_set():  # one did not start
                self._stop()
            _, late = await asyncio.wait(keeping, timeout=_KILL_SECONDS)
            for process in self._running if late else ():
                process.kill()
            await asyncio.gather(*keeping)

    def _stop(self) -> None:
        """Let the workers drain; the second time, let them stop at once."""
        number = signal.SIGINT if self._stopping.is_set() else signal.SIGTERM
        self._stopping.set()
        for process in self._running:
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, number)

    async def _keep(self, place: int, when_ready: Callable[[int], None]) -> None:
        """Keep one worker running."""
        short_lives = 0
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            process, reader = self._start(place)
            with reader:
                await _readable(reader.fileno())
                is_ready = reader.poll() and _reads(reader)
            if is_ready and place not in self._ready:
                when_ready(place)
            since = loop.time()
            await _readable(process.sentinel)
            process.join()
            self._running.discard(process)
            forget_worker(self._metrics, place)
            if self._stopping.is_set():
                return
            if place not in self._ready:
                raise OperatorError("A worker did not start; its log above says why.")
            short_lives = 0 if loop.time() - since > _STEADY_SECONDS else short_lives + 1
            pause = min(2.0 ** (short_lives - 1) - 1, _LONGEST_PAUSE_SECONDS)
            _log.error(
                "worker ended", process=process.pid, status=process.exitcode, pause_seconds=pause
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    def _start(self, place: int) -> tuple[SpawnProcess, Connection]:
        reader, writer = _spawn.Pipe(duplex=False)
        arguments = (self._settings, self._url, writer, self._metrics, place)
        process = _spawn.Process(target=_work, args=arguments, name="sessiongraph worker")
        # Ctrl-C goes to all processes of a terminal: not while Python starts
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        writer.close()
        self._running.add(process)
        return process, reader


def _reads(reader: Connection) -> bool:
    try:
        return bool(reader.recv_bytes())
    except EOFError:
        return False


async def _readable(descriptor: int) -> None:
    """Wait until a file can be read, or its other end is closed."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    loop.add_reader(descriptor, event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(descriptor)


def _work(settings: Settings, url: URL, ready: Connection, metrics: str, place: int) -> None:
    """Be a worker."""
    for number in (signal.SIGINT, signal.SIGHUP):  # the parent hears them too
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    configure_logs(settings)
    share_with_other_workers(metrics, place)

    def tell() -> None:
        with ready:
            ready.send_bytes(b"ready")

    async def serve() -> None:
        server = Server(settings, create_engine(settings, url), tell)
        parent = parent_process()
        assert parent is not None  # noqa: S101  this is a child

        def leave() -> None:
            asyncio.get_running_loop().remove_reader(parent.sentinel)
            server.should_exit = True

        asyncio.get_running_loop().add_reader(parent.sentinel, leave)
        with listen_beside_others(settings) as listeners:
            await server.serve(listeners)

    run(serve())
