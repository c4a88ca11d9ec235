"""Whether the process lives (`/healthz`) and whether it can serve (`/readyz`)."""

from asyncio import timeout
from dataclasses import dataclass
from functools import cache

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse

from migrations import runner

_SECONDS = 1
_known_revisions = cache(runner.known_revisions)


@dataclass(frozen=True)
class Health:
    """Answers both."""

    engine: AsyncEngine

    async def healthz(self, _request: Request) -> JSONResponse:
        """Answer that the process is up."""
        return JSONResponse({"status": "up"})

    async def readyz(self, _request: Request) -> JSONResponse:
        """Answer 200 if the database answers within a second and has our schema, else 503.

        `database` is `up` or `away`; `schema` is `current`, `newer`, `older` or, without a
        database, null. A newer one is served as well: a release that is to replace this one has
        migrated it, and until then somebody must serve.
        """
        database, schema = "away", None
        try:
            async with timeout(_SECONDS), self.engine.connect() as connection:
                revision = await runner.current_revision(connection)
            database = "up"
            schema = _compare(revision)
        except (OSError, SQLAlchemyError):
            pass  # TimeoutError is an OSError
        ready = schema in {"current", "newer"}
        return JSONResponse(
            {"status": "ready" if ready else "unready", "database": database, "schema": schema},
            status_code=200 if ready else 503,
        )


def _compare(revision: str | None) -> str:
    known = _known_revisions()
    if revision == known[-1]:
        return "current"
    return "older" if revision is None or revision in known else "newer"
