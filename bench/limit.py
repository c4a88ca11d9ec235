"""The limit: one hand-written statement per operation whose JSON is the answer, and no GraphQL.

    PORT=8000 DATABASE_URL=… python -m bench.limit

Starlette, uvicorn and asyncpg are set up as the server's. What a server gives against this is what
GraphQL costs it; the limit neither encodes ids nor checks what it is sent.
"""

import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.limit_statements import STATEMENTS

POOL = 10

Variables = dict[str, Any]


def _access_arguments(variables: Variables) -> list[Any]:
    access = variables["input"]
    return [
        access["memory"],
        access["accessType"],
        access["accessedBy"],
        access["accessorType"],
        orjson.dumps(access["context"]),
        access["usefulness"],
    ]


_ARGUMENTS: dict[str, Callable[[Variables], list[Any]]] = {
    "point": lambda variables: [variables["id"]],
    "page": lambda _: [],
    "tree": lambda variables: [variables["id"]],
    "write": _access_arguments,
}


async def _read_json_as_bytes(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec(
        "json",
        schema="pg_catalog",
        encoder=lambda written: written,
        decoder=lambda read: read,
        format="binary",
    )


async def _keep(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Release a connection as it is: nothing here changes its session."""


def create_app(url: str) -> Starlette:
    """Make the application with an endpoint for each operation."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            url, min_size=POOL, max_size=POOL, init=_read_json_as_bytes, reset=_keep
        ) as pool:
            app.state.pool = pool
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 100)
            yield

    def endpoint(operation: str) -> Callable[[Request], Any]:
        statement, arguments = STATEMENTS[operation], _ARGUMENTS[operation]

        async def answer(request: Request) -> Response:
            body = orjson.loads(await request.body())
            values = arguments(body["variables"])
            async with request.app.state.pool.acquire() as connection:
                content = await connection.fetchval(statement, *values)
            return Response(content, media_type="application/json")

        return answer

    routes = [Route(f"/{name}", endpoint(name), methods=["POST"]) for name in STATEMENTS]
    return Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["DATABASE_URL"]),
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
    )
