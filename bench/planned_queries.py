"""Compare planned execution with graphql-core's, on the sample history: requests a second.

    python -m bench.planned_queries

Two servers run one after the other on the same store, as their users start them, with the plan and
without. The answers must be the same bytes.
"""

import asyncio
import subprocess
from time import perf_counter
from typing import Any

import httpx2

from bench.store import temporary_environment
from tests.server_process import COMMAND, serve

SECONDS = 5
CLIENTS = 8
FIND = """{ sessions(filter: {depth: {eq: 0}}, first: 1) { nodes { id } } }"""
OPERATIONS = {
    "point": "query ($id: ID!) { session(id: $id) { id title agent { id name } } }",
    "page": """{ sessions(first: 50) { nodes { id title status startedAt
      messages(last: 20) { nodes { id role content createdAt
        toolCalls { nodes { id toolName arguments result status } } } } } } }""",
    "tree": """query ($id: ID!) { session(id: $id) { id title
      messages { nodes { id content } }
      moduleStates { nodes { moduleId state transitions { nodes { revision newValues } } } }
      memories { nodes { id content accesses { nodes { accessType } } } }
      children { nodes { id title messages { nodes { id content } }
        children { nodes { id title messages { nodes { id content } } } } } } } }""",
}


async def run(http: httpx2.AsyncClient, body: dict[str, Any]) -> float:
    """Give the requests a second of some clients that ask the same."""
    ends = perf_counter() + SECONDS

    async def ask() -> int:
        count = 0
        while perf_counter() < ends:
            await http.post("/graphql", json=body)
            count += 1
        return count

    return sum(await asyncio.gather(*(ask() for _ in range(CLIENTS)))) / SECONDS


async def measure(address: str) -> dict[str, tuple[float, bytes]]:
    """Give requests a second and the answer of each operation."""
    measured = {}
    async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
        found = (await http.post("/graphql", json={"query": FIND})).json()
        session = found["data"]["sessions"]["nodes"][0]["id"]
        for name, document in OPERATIONS.items():
            variables = {"id": session} if "$id" in document else {}
            body = {"query": document, "variables": variables}
            answer = (await http.post("/graphql", json=body)).content
            measured[name] = (await run(http, body), answer)
    return measured


def main(environment: dict[str, str]) -> None:
    """Fill a store, serve it both ways, and print the ratios."""
    subprocess.run([COMMAND, "demo"], env=environment, check=True, capture_output=True)
    results = {}
    for plans in ("true", "false"):
        with serve(environment | {"SESSIONGRAPH_PLANS_QUERIES": plans}) as (_, address):
            results[plans] = asyncio.run(measure(address))
    print(f"{'operation':10} {'bytes':>8} {'planned/s':>10} {'graphql-core/s':>15} {'ratio':>6}")
    for name in OPERATIONS:
        planned, answer = results["true"][name]
        reference, same = results["false"][name]
        assert answer == same, name
        ratio = planned / reference
        print(f"{name:10} {len(answer):8} {planned:10.0f} {reference:15.0f} {ratio:6.1f}")


if __name__ == "__main__":
    with temporary_environment() as server_environment:
        main(server_environment)
