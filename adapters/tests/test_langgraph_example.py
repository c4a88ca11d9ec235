"""The example and the guide of LangGraph."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

from sessiongraph_client import SessiongraphClient

from tests.conftest import Server

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/langgraph.md").read_text()


async def test_the_example_runs_and_is_seen_as_the_guide_says(
    server: Server, client: SessiongraphClient, api_key: str
) -> None:
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(ROOT / "examples/langgraph/main.py")],
        env={
            "SESSIONGRAPH_URL": server.url,
            "SESSIONGRAPH_API_KEY": api_key,
            "PYTHONPATH": str(ROOT / "adapters"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("Book a train to Rome?\nYour train is booked.\n", "")
    (document,) = re.findall(r"^```graphql\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (answer,) = re.findall(r"^```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert await client.query(document) == json.loads(answer)


def test_the_guides_lines_are_the_examples() -> None:
    example = (ROOT / "examples/langgraph/main.py").read_text()
    (lines,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    for line in lines.splitlines():
        if line.startswith(("from ", "async with")) or ".compile(" in line:
            assert line.strip() in example
