"""Compare recordBatch with single mutations: records a second, of the same records.

    python -m bench.record_batch

The server runs as its users start it, on an embedded PostgreSQL that syncs to disk. Single
mutations are sent by 16 clients at once, batches of 1,000 by 8, each to a session of its own.
"""

import asyncio
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import httpx2

from bench.store import temporary_environment
from tests.server_process import serve

RECORDS = 4_000
BATCH = 1_000
BATCHES = 8
CLIENTS = 16
BATCH_MUTATION = """mutation ($records: [BatchRecordInput!]!) {
  recordBatch(input: {records: $records}) { recordedCount } }"""


def messages(session: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Turns of a person, a model that calls a tool, the tool, and the model again."""
    records: list[tuple[str, dict[str, Any]]] = []
    for number in range(count // 4):
        call = {"toolName": "search", "toolCallId": f"{session} {number}", "arguments": {"q": 1}}
        told = {"session": session, "content": "Some words of an ordinary length. " * 5}
        records += [
            ("recordMessage", {**told, "role": "USER"}),
            ("recordMessage", {**told, "role": "ASSISTANT", "toolCalls": [call]}),
            ("recordMessage", {**told, "role": "TOOL", "toolCallId": call["toolCallId"]}),
            ("recordMessage", {**told, "role": "ASSISTANT", "inputTokens": 9, "outputTokens": 9}),
        ]
    return records


def metrics(session: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Figures of a session."""
    figure = {"session": session, "metricType": "latency", "metricValue": 1.5, "unit": "ms"}
    return [("recordSessionMetric", figure)] * count


def transitions(session: str, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Changes of one module's state."""
    whole = {"session": session, "moduleId": "plan", "state": {"step": 0}}
    patch = {"session": session, "moduleId": "plan"}
    changes = [{**patch, "newValues": {"step": number}} for number in range(1, count)]
    changed = [("recordStateTransition", change) for change in changes]
    return [("upsertModuleState", whole), *changed]


async def send(http: httpx2.AsyncClient, document: str, variables: dict[str, Any]) -> Any:
    """Send a mutation that must succeed."""
    body = {"query": document, "variables": variables}
    answer = (await http.post("/graphql", json=body)).json()
    assert "errors" not in answer, answer["errors"][:1]
    return answer["data"]


async def send_singly(http: httpx2.AsyncClient, records: Iterable[Any]) -> None:
    """Send records one after the other, each as a mutation of its own."""
    for name, values in records:
        document = f"mutation M($input: {name[0].upper()}{name[1:]}Input!) {{ {name}"
        await send(http, document + "(input: $input) { replayed } }", {"input": values})


async def compare(
    http: httpx2.AsyncClient, make: Callable[[str, int], list[tuple[str, dict[str, Any]]]]
) -> None:
    """Print the records a second of both ways, and their ratio."""
    kind = make.__name__
    for session in [f"{kind} {client}" for client in range(CLIENTS + BATCHES)]:
        await send_singly(http, [("createSession", {"sessionId": session})])
    each = RECORDS // CLIENTS
    started = perf_counter()
    await asyncio.gather(
        *(send_singly(http, make(f"{kind} {client}", each)) for client in range(CLIENTS))
    )
    singly = RECORDS / (perf_counter() - started)
    batches = [
        [{name: values} for name, values in make(f"{kind} {CLIENTS + number}", BATCH)]
        for number in range(BATCHES)
    ]
    started = perf_counter()
    await asyncio.gather(*(send(http, BATCH_MUTATION, {"records": records}) for records in batches))
    together = BATCHES * BATCH / (perf_counter() - started)
    print(f"{kind:12} {singly:8.0f} {together:8.0f} {together / singly:8.1f}")


async def main(address: str) -> None:
    """Compare both ways for each kind of record."""
    print(f"{'records':12} {'single/s':>8} {'batch/s':>8} {'ratio':>8}")
    async with httpx2.AsyncClient(base_url=address, timeout=120) as http:
        for make in (messages, metrics, transitions):
            await compare(http, make)


if __name__ == "__main__":
    with temporary_environment() as environment, serve(environment) as (_, server_address):
        asyncio.run(main(server_address))
