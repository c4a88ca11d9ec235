"""The example of pydantic-ai, and what its guide says of it."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sessiongraph_client import SessiongraphClient

from tests.conftest import Server

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "pydantic-ai.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def holds(seen: Any, shown: Any) -> bool:
    """Tell if what is seen is as shown; a member `…` stands for others."""
    if isinstance(shown, dict):
        named = {key: each for key, each in shown.items() if key != "…"}
        return all(holds(seen[key], each) for key, each in named.items()) and (
            "…" in shown or seen.keys() == named.keys()
        )
    if isinstance(shown, list):
        return len(seen) == len(shown) and all(map(holds, seen, shown))
    return bool(seen == shown)


async def test_the_example_runs_and_the_guide_s_query_shows_it(
    server: Server, client: SessiongraphClient, api_key: str
) -> None:
    environment = {"SESSIONGRAPH_URL": server.url, "SESSIONGRAPH_API_KEY": api_key}
    environment["PYTHONPATH"] = str(ROOT / "adapters")
    command = [sys.executable, str(ROOT / "examples" / "pydantic_ai" / "main.py"), "chat-1"]
    ran = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == (
        "give_back({'euros': 20}) is approved\nchat-1: You have your 20 euros back.\n"
    )
    [document] = blocks("graphql")
    [answer] = blocks("json")
    seen = await client.query(document, session="chat-1")
    assert holds(seen, json.loads(answer)), json.dumps(seen, indent=1)


def test_the_lines_of_the_guide_are_python() -> None:
    assert len(blocks("python")) == 3
    for block in blocks("python"):
        lines = "".join(f"    {line}\n" for line in block.splitlines())
        compile(f"async def lines():\n{lines}", "pydantic-ai.md", "exec")
