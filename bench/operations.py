"""The four operations in each server's dialect, what they ask for, and how answers compare.

`documents/` has a folder for each dialect: `sessiongraph` reads lists as connections with `nodes`,
`lists` as plain lists, `postgraphile` by the names that it makes from the tables.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.engine import URL

from bench.database import connection_to
from resolvers.identifiers import decode, encode

OPERATIONS = ("point", "page", "tree", "write")
_DOCUMENTS = Path(__file__).with_name("documents")
_SAMPLE = 1_000
_IDS = {
    "point": "SELECT id FROM sessions",
    "tree": "SELECT DISTINCT root_id FROM sessions WHERE depth = 2",
    "write": "SELECT id FROM memories",
}
_PREFIXES = {"point": "session", "tree": "session", "write": "memory"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

Samples = dict[str, list[UUID]]


async def draw_samples(url: URL) -> Samples:
    """Draw the ids that each operation asks for; the page asks for none."""
    samples: Samples = {"page": []}
    async with connection_to(url) as connection:
        for operation, statement in _IDS.items():
            rows = await connection.fetch(
                f"SELECT id FROM ({statement}) found (id) ORDER BY random() LIMIT {_SAMPLE}"
            )
            samples[operation] = [UUID(int=row["id"].int) for row in rows]
    return samples


def make_bodies(dialect: str, operation: str, ids: list[UUID]) -> list[bytes]:
    """Make a request body for each id, or the one of an operation that asks for none."""
    query = (_DOCUMENTS / dialect / f"{operation}.graphql").read_text()
    query = re.sub(r"\s+", " ", query).strip()
    return [
        json.dumps({"query": query, "variables": variables}).encode()
        for variables in _variables(dialect, operation, ids)
    ]


def _variables(dialect: str, operation: str, ids: list[UUID]) -> list[dict[str, Any]]:
    if operation == "page":
        return [{}]
    if dialect == "sessiongraph":
        named = [encode(_PREFIXES[operation], id_) for id_ in ids]
    else:
        named = [str(id_) for id_ in ids]
    if operation != "write":
        return [{"id": id_} for id_ in named]
    access = {
        "accessType": "retrieval",
        "accessedBy": "bench",
        "accessorType": "agent",
        "context": {"purpose": "contact"},
        "usefulness": 0.5,
    }
    return [{"input": {"memory": id_, **access}} for id_ in named]


def normalise(value: Any) -> Any:
    """Make answers of all dialects alike: plain lists, UUIDs, times in whole milliseconds.

    JavaScript's dates have no microseconds.
    """
    if isinstance(value, dict):
        if list(value) == ["nodes"]:
            return normalise(value["nodes"])
        return {key: normalise(part) for key, part in value.items()}
    if isinstance(value, list):
        return [normalise(part) for part in value]
    if isinstance(value, str):
        if decoded := decode(value):
            return str(decoded[1])
        if _TIME.match(value):
            return int(datetime.fromisoformat(value).timestamp() * 1000)
    return value
