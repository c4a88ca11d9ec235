"""A connection that follows, over either transport: what comes, until it is cut off or ended."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.live_server import GraphQLSocket
from tests.sent_events import ACCEPT, read_events

Answers = AsyncGenerator[dict[str, Any], None]


class EndedError(Exception):
    """The server ended the subscription, in words that tell to begin it again."""


async def over_websocket(
    _http: httpx2.AsyncClient, address: str, document: str, variables: Mapping[str, Any]
) -> Answers:
    async with connect(
        f"ws{address.removeprefix('http')}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
        max_size=None,
        proxy=None,
    ) as socket:
        try:
            client = GraphQLSocket(socket)
            await client.send(type="connection_init")
            assert await client.receive() == {"type": "connection_ack"}
            await client.subscribe("1", document, variables=variables)
            while True:
                message = await client.receive()
                if message["type"] == "error":
                    raise _ended(message["payload"])
                assert message["type"] == "next", message
                yield message["payload"]
        finally:
            socket.transport.abort()


async def over_event_stream(
    http: httpx2.AsyncClient, address: str, document: str, variables: Mapping[str, Any]
) -> Answers:
    body = {"query": document, "variables": variables}
    async with http.stream("POST", f"{address}/graphql", json=body, headers=ACCEPT) as response:
        if response.status_code != 200:
            await response.aread()
            raise _ended(response.json()["errors"])
        async for name, answer in read_events(response.aiter_bytes()):
            assert name != "complete"
            if name == "next":
                if "data" not in answer:
                    raise _ended(answer["errors"])
                yield answer
        raise EndedError("ended by the server")


def _ended(errors: list[dict[str, Any]]) -> EndedError:
    codes = {error["extensions"]["code"] for error in errors}
    assert codes == {"UNAVAILABLE"}, errors
    return EndedError("UNAVAILABLE")
