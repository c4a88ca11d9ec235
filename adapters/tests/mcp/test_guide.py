"""docs/guides/mcp.md: its configurations start, its tables name what there is, its query runs."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from sessiongraph_client import SessiongraphClient

from tests.conftest import Server
from tests.mcp.connections import COMMAND, by_http, call
from tests.mcp.test_tools import kinds_of_use

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "mcp.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def configuration(number: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(blocks("json")[number])["mcpServers"]["sessiongraph"]
    return found


async def test_the_configurations_start_and_all_is_recorded_as_they_say(
    server: Server, api_key: str, client: SessiongraphClient, mcp_url: str
) -> None:
    by_stdio, over_http = configuration(0), configuration(1)
    assert by_stdio["command"].endswith("/.venv/bin/sessiongraph")
    started = StdioServerParameters(
        command=COMMAND,
        args=by_stdio["args"],
        env={**by_stdio["env"], "SESSIONGRAPH_URL": server.url, "SESSIONGRAPH_API_KEY": api_key},
    )
    async with Client(started) as tools:
        listed = {tool.name for tool in (await tools.list_tools()).tools}
        written = await call(tools, "write_memory", text="Ada drinks tea", memory="tea")
        assert written["memory"]["user_id"] == "ada"
        await call(tools, "annotate_memory", memory="tea", remark="No longer?")
        await call(tools, "write_memory", memory="tea", text="Ada drinks coffee")
    assert (over_http["type"], over_http["url"]) == ("http", "http://127.0.0.1:8001/mcp")
    assert over_http["headers"]["Authorization"].startswith("Bearer sg_")
    async with by_http(mcp_url, api_key) as tools:
        await call(tools, "search_memories", text="coffee")
        await call(tools, "read_memory", memory="tea")

    table = re.findall(r"^\| `(\w+_memor\w+)` \|.*\| (.*) \|$", GUIDE, re.MULTILINE)
    assert {tool for tool, _ in table} == listed
    promised = {kind for _, recorded in table for kind in re.findall(r"`([A-Z_]+)`", recorded)}
    assert set(await kinds_of_use(client, "tea")) == promised
    (query,) = blocks("graphql")
    memory = (await client.query(query, memory="tea"))["memory"]
    assert memory["accessCount"] == 5
    assert [each["contentText"] for each in memory["revisions"]["nodes"]] == ["Ada drinks tea"]
    assert [each["content"] for each in memory["annotations"]["nodes"]] == ["No longer?"]
