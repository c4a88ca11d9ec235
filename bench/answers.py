"""Whether a server gives the same rows as the others, before it is measured."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import httpx2

from bench.operations import Samples, make_bodies, normalise
from bench.servers import RunningServer

_CHECKED = 5
"""Ids of each operation."""

Answers = dict[str, list[Any]]


class WrongAnswerError(Exception):
    """A server does not give what the others give."""


async def read_answers(server: RunningServer, samples: Samples) -> Answers:
    """Give the answers of some requests of each query, made alike."""
    async with httpx2.AsyncClient(timeout=60) as http:
        return {
            operation: [
                normalise(await _post(http, server, operation, body))
                for body in make_bodies(
                    server.server.dialect, operation, samples[operation][:_CHECKED]
                )
            ]
            for operation in ("point", "page", "tree")
        }


def compare(server: str, answers: Answers, others: str, expected: Answers) -> None:
    """Raise `WrongAnswerError` at the first value that two servers do not agree on."""
    if difference := _find_difference(answers, expected, ""):
        raise WrongAnswerError(f"{server} against {others}: {difference}")


async def check_write(
    server: RunningServer, memory: UUID, connection: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Raise `WrongAnswerError` unless a write leaves one row, counts it and answers so."""
    before = await _count(connection, memory)
    (body,) = make_bodies(server.server.dialect, "write", [memory])
    async with httpx2.AsyncClient(timeout=60) as http:
        answer = normalise(await _post(http, server, "write", body))["data"]["recordMemoryAccess"]
    access = answer["memoryAccess"]
    told = answer.get("memory") or access["memory"]
    counted, recorded = await _count(connection, memory)
    row = await connection.fetchrow(
        "SELECT memory_id, access_type, accessed_by, accessor_type, context::jsonb::text,"
        " usefulness FROM memory_accesses WHERE project_id = 1 AND id = $1",
        UUID(access["id"]),
    )
    expected = (memory, "retrieval", "bench", "agent", '{"purpose": "contact"}', 0.5)
    if (
        (counted, recorded) != (before[0] + 1, before[1] + 1)
        or told != {"id": str(memory), "accessCount": counted}
        or row is None
        or tuple(row) != expected
    ):
        raise WrongAnswerError(f"{server.name} wrote {row} and answered {answer}")


async def _post(
    http: httpx2.AsyncClient, server: RunningServer, operation: str, body: bytes
) -> Any:
    headers = {"content-type": "application/json", "accept": "application/json"}
    response = await http.post(server.address_of(operation), content=body, headers=headers)
    answer = json.loads(response.content)
    if response.status_code != 200 or "errors" in answer:  # noqa: PLR2004
        raise WrongAnswerError(f"{server.name}, {operation}: {response.text[:1000]}")
    return answer


async def _count(connection: "asyncpg.Connection[asyncpg.Record]", memory: UUID) -> tuple[int, int]:
    """Give a memory's count of its uses, and the number of those that load tests wrote."""
    row = await connection.fetchrow(
        "SELECT access_count, (SELECT count(*) FROM memory_accesses WHERE project_id = 1"
        " AND memory_id = m.id AND accessed_by = 'bench') FROM memories m WHERE id = $1",
        memory,
    )
    assert row is not None
    return row[0], row[1]


def _find_difference(one: Any, other: Any, path: str) -> str | None:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        parts: Any = ((f"{path}.{key}", one[key], other[key]) for key in one)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = (
            (f"{path}[{index}]", *both) for index, both in enumerate(zip(one, other, strict=True))
        )
    else:
        return None if one == other else f"{path}: {str(one)[:300]} != {str(other)[:300]}"
    return next(filter(None, (_find_difference(a, b, where) for where, a, b in parts)), None)
