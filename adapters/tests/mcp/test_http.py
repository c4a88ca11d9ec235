"""Over HTTP: whose key it is that counts, and who gets in at all."""

import subprocess

import httpx2
import pytest
from sessiongraph_client import SessiongraphClient

from tests.conftest import Server
from tests.mcp.connections import COMMAND, by_http, call, refusal, serving_http

PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"accept": "application/json, text/event-stream"}


async def post(url: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as http:
        return await http.post(url, json=PING, headers={**ACCEPT, **headers})


async def test_each_request_is_served_with_its_own_key(mcp_url: str, server: Server) -> None:
    ours, theirs = server.make_key(), server.make_key()
    async with by_http(mcp_url, ours) as tools, by_http(mcp_url, theirs) as others:
        written = await call(tools, "write_memory", text="ours", memory="m")
        own_id = written["memory"]["id"]
        assert await call(others, "search_memories") == {"memories": [], "next": None}
        for memory in ("m", own_id):
            assert "There is no memory" in await refusal(others, "read_memory", memory=memory)
            told = await refusal(others, "annotate_memory", memory=memory, remark="x")
            assert "There is no memory" in told
        await refusal(others, "write_memory", memory=own_id, text="theirs")
        await call(others, "write_memory", memory="m", text="theirs")
        read = await call(tools, "read_memory", memory="m")
        assert (read["memory"]["text"], read["memory"]["revision"]) == ("ours", 1)


async def test_a_key_that_is_not_good_gets_nothing(mcp_url: str) -> None:
    async with by_http(mcp_url, "sg_nothing") as tools:
        assert "key" in await refusal(tools, "search_memories")


async def test_the_commands_own_key_serves_nobody(server: Server) -> None:
    key = server.make_key()
    async with SessiongraphClient(server.url, api_key=key) as client:
        await client.record(
            [{"createMemory": {"type": "note", "content": "x", "contentText": "x"}}]
        )
    with serving_http(server.url, SESSIONGRAPH_API_KEY=key) as url:
        async with by_http(url, None) as tools:
            # the server of the tests asks its own machine for no key: that is another project
            assert await call(tools, "search_memories", text="x") == {"memories": [], "next": None}
        async with by_http(url, key) as tools:
            assert (await call(tools, "search_memories", text="x"))["memories"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:5173"}, 200),
        ({"origin": "https://attacker.example"}, 403),
        ({"origin": "http://127.0.0.1.attacker.example"}, 403),
        ({"host": "attacker.example"}, 421),
        ({"host": "localhost.attacker.example:8001"}, 421),
    ],
)
async def test_no_web_page_gets_in_by_another_name(
    mcp_url: str, headers: dict[str, str], status: int
) -> None:
    assert (await post(mcp_url, **headers)).status_code == status


async def test_where_others_get_in_each_request_brings_a_key(server: Server) -> None:
    with serving_http(server.url, "--allowed-host", "memories.example") as url:
        for name in ("memories.example", "memories.example:8443", "127.0.0.1"):
            assert (await post(url, host=name)).status_code == 401
            refused = await post(url, host=name, authorization="Basic eDp5")
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert (await post(url, host=name, authorization="Bearer sg_x")).status_code == 200
        named = {"host": "other.example", "authorization": "Bearer sg_x"}
        assert (await post(url, **named)).status_code == 421


async def test_an_address_that_others_reach_needs_keys(server: Server) -> None:
    with serving_http(server.url, "--host", "0.0.0.0") as url:  # noqa: S104  what is tested
        reached = url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        assert (await post(reached)).status_code == 401
        async with by_http(reached, server.make_key()) as tools:
            assert await call(tools, "search_memories") == {"memories": [], "next": None}


def test_a_port_that_is_taken_is_one_line(mcp_url: str) -> None:
    port = mcp_url.rpartition(":")[2].removesuffix("/mcp")
    command = [COMMAND, "mcp", "--transport", "streamable-http", "--port", port]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    (line,) = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert line.endswith("Choose another with --port.")
