"""The example of the OpenAI Agents SDK, and the lines in its guide."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from sessiongraph_client import SessiongraphClient

from tests.conftest import Server
from tests.openai_agents_runs import look

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "openai-agents.md").read_text()


async def test_the_example_runs_and_the_guide_s_query_shows_it(
    server: Server, client: SessiongraphClient, api_key: str
) -> None:
    environment = {"SESSIONGRAPH_URL": server.url, "SESSIONGRAPH_API_KEY": api_key}
    environment["PYTHONPATH"] = str(ROOT / "adapters")
    command = [sys.executable, str(ROOT / "examples" / "openai_agents" / "main.py"), "chat-1"]
    ran = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(
        r"confirmation_\w+ waits for a decision\nchat-1: You have your 20 euros back.\n", ran.stdout
    )
    [document] = re.findall(r"^```graphql\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    seen = (await client.query(document, session="chat-1"))["session"]
    assert (seen["status"], seen["agent"]) == ("ACTIVE", {"name": "Support"})
    [child] = seen["descendants"]["nodes"]
    assert child["kind"] == "HANDOFF"
    assert child["spawnedByToolCall"] == {"toolName": "transfer_to_billing"}
    below = await look(client, child["sessionId"])
    assert [node["content"] for node in below["messages"]["nodes"]] == [
        None,
        "Gave back 20 euros",
        "You have your 20 euros back.",
    ]
    [call] = below["messages"]["nodes"][0]["toolCalls"]["nodes"]
    assert (call["status"], call["confirmation"]["status"]) == ("SUCCEEDED", "APPROVED")


def test_the_lines_of_the_guide_are_python() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        lines = "".join(f"    {line}\n" for line in block.splitlines())
        compile(f"async def lines():\n{lines}", "openai-agents.md", "exec")
