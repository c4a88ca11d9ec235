"""The load: a number of clients that post bodies in turns, each as soon as it has its last answer.

`wrk` does it where it is installed, since it takes little of the processor that the server needs;
else clients of our own do.
"""

import asyncio
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from urllib.parse import urlsplit

CLIENTS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What a server gave under load: answers a second, and milliseconds until an answer."""

    rate: float
    p50: float
    p99: float
    size: float
    """Bytes of an answer, on average."""
    failures: int
    """Answers other than 200, or that never came; where it was checked, also those with errors."""
    answers: int
    processor: float = 0.0
    """Milliseconds of processor time that the server's own process took for an answer."""


def put_under_load(
    address: str, bodies: list[bytes], seconds: float, *, check: bool = False
) -> Load:
    """Post bodies for so many seconds; `check` looks for errors, and is no fair measurement."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return asyncio.run(run_clients(address, bodies, seconds))
    return _run_wrk(wrk, address, bodies, seconds, check=check)


def _run_wrk(wrk: str, address: str, bodies: list[bytes], seconds: float, *, check: bool) -> Load:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\n".join(bodies))
        file.flush()
        options = ["--threads", "1", "--connections", str(CLIENTS)]
        options += ["--duration", f"{max(1, round(seconds))}s", "--timeout", f"{_TIMEOUT_SECONDS}s"]
        command = [wrk, *options, "--script", str(_SCRIPT), address, "--", file.name]
        command += ["check"] * check
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    told = json.loads(printed.splitlines()[-1])
    return Load(
        rate=told["answers"] / told["microseconds"] * 1e6,
        p50=told["p50"] / 1e3,
        p99=told["p99"] / 1e3,
        size=told["bytes"] / max(1, told["answers"]),
        failures=told["failures"],
        answers=told["answers"],
    )


async def run_clients(
    address: str, bodies: list[bytes], seconds: float, clients: int = CLIENTS, key: str = ""
) -> Load:
    """Be the clients; with a key, where the server asks for one."""
    url = urlsplit(address)
    head = f"POST {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Type: application/json\r\n"
    if key:
        head += f"Authorization: Bearer {key}\r\n"
    requests = cycle(
        f"{head}Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        for body in bodies
    )
    took: list[float] = []
    failures = size = 0
    started = perf_counter()

    async def ask() -> None:
        nonlocal failures, size
        reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=2**24)
        while perf_counter() < started + seconds:
            asked = perf_counter()
            writer.write(next(requests))
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                head, body = await read_answer(reader)
            took.append((perf_counter() - asked) * 1e3)
            size += len(head) + len(body)
            failures += not head.startswith(b"http/1.1 200") or b'"errors"' in body
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(ask())
    parts = quantiles(took, n=100)
    return Load(
        rate=len(took) / (perf_counter() - started),
        p50=parts[49],
        p99=parts[98],
        size=size / len(took),
        failures=failures,
        answers=len(took),
    )


async def read_answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read an answer to its end; give its head, in small letters, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await reader.readexactly(int(length))
    return head, body
