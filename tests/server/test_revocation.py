"""A key is revoked while it is in use, by two server processes and a WebSocket."""

import asyncio
import json
import subprocess
from time import monotonic

import httpx2
import pytest
from sqlalchemy.engine import URL
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.authentication import CACHE_SECONDS
from server.open_streams import CHECK_SECONDS
from tests.server_process import COMMAND, make_environment, serve

MARGIN_SECONDS = 10
"""For a busy machine."""
QUERY = {"query": "{ __typename }"}


async def test_every_process_stops_for_a_revoked_key(
    database_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {
        **make_environment(tmp_path_factory.mktemp("serve")),
        "DATABASE_URL": database_url.set(drivername="postgresql").render_as_string(
            hide_password=False
        ),
        "SESSIONGRAPH_LOG_LEVEL": "ERROR",
    }
    key = _keys(environment, "create", "--name", "dashboard", "--scope", "read").strip()
    other = _keys(environment, "create", "--name", "other", "--scope", "read").strip()
    with serve(environment, "--workers", "2") as (_, address):
        async with connect(
            f"ws{address.removeprefix('http')}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
        ) as socket:
            init = {"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}
            await socket.send(json.dumps(init))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
            # enough connections that both processes hold some
            assert await _answers(address, key) == {200}
            _keys(environment, "revoke", key.split("_")[1])
            revoked = monotonic()
            while await _answers(address, key) != {401}:
                assert monotonic() - revoked < CACHE_SECONDS + MARGIN_SECONDS
            with pytest.raises(ConnectionClosed) as closed:
                async with asyncio.timeout(CACHE_SECONDS + CHECK_SECONDS + MARGIN_SECONDS):
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4403
        assert await _answers(address, other) == {200}


def _keys(environment: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [COMMAND, "keys", *arguments], env=environment, check=True, capture_output=True, text=True
    ).stdout


async def _answers(address: str, key: str) -> set[int]:
    """Ask over many connections at once, and tell the statuses of the answers."""
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(timeout=30) as http:
        sent = [
            http.post(f"{address}/graphql", json=QUERY, headers={**headers, "connection": "close"})
            for _ in range(20)
        ]
        return {answer.status_code for answer in await asyncio.gather(*sent)}
