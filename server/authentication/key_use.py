"""When API keys were last used: noted in memory, and written together once a minute."""

from asyncio import CancelledError, create_task, sleep, timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import structlog
from sqlalchemy import DateTime, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine

_WRITE_SECONDS = 60.0
_TIMEOUT_SECONDS = 5.0
"""A process that stops does not wait longer for a database that is away."""

# Other processes write the same keys: whoever comes second leaves them to the first, so that
# nobody waits and nobody deadlocks.
_WRITE = text("""
    WITH used AS (
        SELECT prefix, used_at FROM unnest(:prefixes, :times) AS used (prefix, used_at)
    ), free AS (
        SELECT api_keys.project_id, api_keys.id, used.used_at
        FROM api_keys JOIN used ON api_keys.prefix = used.prefix
        WHERE api_keys.last_used_at IS NULL OR api_keys.last_used_at < used.used_at
        FOR NO KEY UPDATE OF api_keys SKIP LOCKED
    )
    UPDATE api_keys SET last_used_at = free.used_at
    FROM free WHERE api_keys.project_id = free.project_id AND api_keys.id = free.id
""").bindparams(
    bindparam("prefixes", type_=ARRAY(Text)),
    bindparam("times", type_=ARRAY(DateTime(timezone=True))),
)

_log = structlog.get_logger()


class KeyUse:
    """The uses of keys that are not written yet, one a key. No request waits for them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._noted: dict[str, datetime] = {}

    def note(self, prefix: str, now: datetime) -> None:
        """Note that a key of the store is used."""
        self._noted[prefix] = now

    @asynccontextmanager
    async def written(self) -> AsyncIterator[None]:
        """Write what is noted once a minute while the block runs, and when it ends."""
        writing = create_task(self._write_each_minute())
        try:
            yield
        finally:
            writing.cancel()
            with suppress(CancelledError):
                await writing
            await self.write()

    async def write(self) -> None:
        """Write what is noted. A database that is away gets it later."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        values = {"prefixes": list(noted), "times": list(noted.values())}
        try:
            async with timeout(_TIMEOUT_SECONDS), self._engine.begin() as connection:
                await connection.execute(_WRITE, values)
        except BaseException as error:
            self._noted = noted | self._noted
            if not isinstance(error, Exception):
                raise
            _log.warning("uses of keys not written", keys=len(noted), error=type(error).__name__)

    async def _write_each_minute(self) -> None:
        while True:
            await sleep(_WRITE_SECONDS)
            await self.write()
