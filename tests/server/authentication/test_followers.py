"""Who follows a session stops where a key is revoked or a token expires, over either transport."""

import asyncio
from asyncio import create_task, gather, timeout
from collections.abc import AsyncIterator
from time import time

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.administration.api_keys import revoke_key
from server.app import create_app
from server.authentication import CACHE_SECONDS, CLOCK_LEEWAY
from server.open_streams import CHECK_SECONDS, OpenStreams
from server.settings import Settings
from server.websocket.messages import CloseCode
from tests.graphql_client import GraphQLClient
from tests.live_server import GraphQLSocket, LiveServer, live_server
from tests.sent_events import ACCEPT, read_events
from tests.server.authentication.conftest import MakeKey
from tests.server.authentication.issuer import AUDIENCE, Issuer

ENDS_SECONDS = CACHE_SECONDS + CHECK_SECONDS + 10
TOKEN_SECONDS = 3
FOLLOW = 'subscription { sessionEvents(session: "s", after: 0) { sequence } }'
FIRST = {"data": {"sessionEvents": {"sequence": 1}}}


@pytest.fixture
async def server(engine: AsyncEngine, issuer: Issuer) -> AsyncIterator[LiveServer]:
    settings = Settings(host="192.0.2.1", oidc_issuer=issuer.url, oidc_audience=AUDIENCE)
    streams = OpenStreams(settings)
    async with live_server(create_app(settings, engine, streams), settings, streams) as live:
        yield live


async def test_followers_stop_where_access_ends(
    server: LiveServer, engine: AsyncEngine, issuer: Issuer, make_key: MakeKey
) -> None:
    key, kept = await make_key(), await make_key()
    address = f"http://127.0.0.1:{server.port}"
    headers = {"authorization": f"Bearer {kept}"}
    async with httpx2.AsyncClient(base_url=address, headers=headers) as http, timeout(ENDS_SECONDS):
        graphql = GraphQLClient(http)
        await graphql.record("createSession", "replayed", sessionId="s")
        token = issuer.sign(exp=int(time() - CLOCK_LEEWAY.total_seconds()) + TOKEN_SECONDS)
        begun, following = [], []
        for follow in (_over_websocket, _over_event_stream):
            for given in (key, token):
                begun.append(asyncio.Event())
                following.append(create_task(follow(server, f"Bearer {given}", begun[-1])))
        async with server.client(authorization=f"Bearer {kept}") as staying:
            await staying.subscribe("1", FOLLOW)
            assert (await staying.next())["sessionEvents"]["sequence"] == 1
            await gather(*[each.wait() for each in begun])
            async with engine.begin() as connection:
                await revoke_key(connection, key.split("_")[1])
            await gather(*following)
            await graphql.record("recordMessage", "replayed", session="s", role="USER")
            assert (await staying.next())["sessionEvents"]["sequence"] == 2


async def _over_websocket(server: LiveServer, authorization: str, begun: asyncio.Event) -> None:
    async with server.client(authorization=authorization) as client:
        await client.subscribe("1", FOLLOW)
        assert (await client.receive())["payload"] == FIRST
        begun.set()
        assert (await client.close_code())[0] == CloseCode.FORBIDDEN
    async with server.connect() as socket:
        again = GraphQLSocket(socket)
        await again.send(type="connection_init", payload={"authorization": authorization})
        assert (await again.close_code())[0] == CloseCode.FORBIDDEN


async def _over_event_stream(server: LiveServer, authorization: str, begun: asyncio.Event) -> None:
    headers = {**ACCEPT, "authorization": authorization}
    address = f"http://127.0.0.1:{server.port}/graphql"
    events = []
    async with httpx2.AsyncClient(headers=headers, timeout=ENDS_SECONDS) as http:
        async with http.stream("POST", address, json={"query": FOLLOW}) as response:
            async for name, answer in read_events(response.aiter_bytes()):
                if name != ":":
                    events.append((name, answer))
                    begun.set()
        # no `complete`: a client asks again, and hears why
        assert events == [("next", FIRST)]
        refused = await http.post(address, json={"query": FOLLOW})
        assert refused.status_code == 401
