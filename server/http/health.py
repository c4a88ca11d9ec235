"""Whether the process lives (`/healthz`) and whether it can serve (`/readyz`)."""

from asyncio import Task, create_task, wait
from functools import cache

from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse

from migrations import runner

_SECONDS = 1
_latest_revision = cache(runner.latest_revision)


class Health:
    """Answers both."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._asking: Task[str | None] | None = None

    async def healthz(self, _request: Request) -> JSONResponse:
        """Answer that the process is up."""
        return JSONResponse({"status": "up"})

    async def readyz(self, _request: Request) -> JSONResponse:
        """Answer 200 if the database answers within a second and has our schema, else 503.

        `database` is `up` or `away`; `schema` is `current`, `other` or, without a database, null.
        """
        # whoever asks meanwhile shares the question: one that hangs holds one connection
        if self._asking is None or self._asking.done():
            self._asking = create_task(self._schema())
        await wait({self._asking}, timeout=_SECONDS)
        schema = self._asking.result() if self._asking.done() else None
        ready = schema == "current"
        return JSONResponse(
            {
                "status": "ready" if ready else "unready",
                "database": "away" if schema is None else "up",
                "schema": schema,
            },
            status_code=200 if ready else 503,
        )

    async def _schema(self) -> str | None:
        try:
            async with self._engine.connect() as connection:
                revision = await runner.current_revision(connection)
        except (OSError, SQLAlchemyError, PostgresError, InterfaceError, InternalClientError):
            return None
        return "current" if revision == _latest_revision() else "other"
