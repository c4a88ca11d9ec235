"""Real clients of WebSockets and event streams, and raw ones, hold the server to the protocols."""

import asyncio
import re
import sys

from tests.clients.programs import run
from tests.server.toy_server import toy_server

_PROGRAM = (
    "node",
    "--test-reporter=spec",
    "--test-force-exit",  # what a rule that failed left open would be waited for
    ".generated/build/src/conformance/index.js",
)


async def test_every_rule_of_the_protocols_of_streams() -> None:
    async with toy_server(
        connection_init_timeout_seconds=2, keepalive_seconds=0.3, max_connections_per_key=1
    ) as server:
        report = await asyncio.to_thread(run, "npm", *_PROGRAM, f"http://127.0.0.1:{server.port}")
    sys.stdout.write(report)  # a line for each rule
    assert re.search(r"^\S fail 0$", report, re.MULTILINE)
