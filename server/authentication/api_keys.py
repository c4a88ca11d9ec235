"""Callers by API key: `sg_<prefix>_<secret>`.

The prefix finds the key's row; the SHA-256 of the secret is compared in constant time.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models import ApiKey, Scope
from resolvers.errors import Unauthenticated
from server.authentication.key_use import KeyUse
from server.authentication.lookup import Lookup
from server.caller import Caller

_KEY = re.compile(r"sg_([0-9a-f]{12})_([0-9a-f]{64})")
_NO_SECRET_HASH = bytes(32)

is_api_key = re.compile("sg_").match
"""Whether a bearer token says that it is an API key."""


@dataclass(frozen=True, slots=True)
class _KnownKey:
    secret_hash: bytes
    caller: Caller


class ApiKeys:
    """Finds the callers of API keys. A key that was revoked stops within `CACHE_SECONDS`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._known: Lookup[_KnownKey] = Lookup(self._read)
        self.use = KeyUse(engine)

    async def caller(self, key: str) -> Caller:
        """Find whose a key is.

        Raises `Unauthenticated` for one that is malformed, unknown, revoked or expired, and what
        the database raised.
        """
        parts = _KEY.fullmatch(key)
        if parts is None:
            raise Unauthenticated("Send an API key as `Authorization: Bearer sg_…`.")
        prefix, secret = parts.groups()
        known = await self._known.find(prefix)
        secret_hash = sha256(secret.encode()).digest()
        # an unknown prefix costs the same comparison as a known one
        expected = known.secret_hash if known is not None else _NO_SECRET_HASH
        if not hmac.compare_digest(secret_hash, expected) or known is None:
            raise Unauthenticated("This API key is unknown or was revoked.")
        caller, now = known.caller, datetime.now(UTC)
        if caller.expires_at is not None and caller.expires_at <= now:
            raise Unauthenticated("This API key has expired.")
        self.use.note(prefix, now)
        return caller

    async def is_usable(self, prefix: str) -> bool:
        """Whether a key of this prefix, which was good before, was not revoked since."""
        return await self._known.find(prefix) is not None

    async def _read(self, prefixes: list[str]) -> dict[str, _KnownKey]:
        statement = select(
            ApiKey.prefix,
            ApiKey.name,
            ApiKey.project_id,
            ApiKey.secret_hash,
            ApiKey.scopes,
            ApiKey.expires_at,
        ).where(ApiKey.prefix.in_(prefixes), ApiKey.revoked_at.is_(None))
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement)).all()
        return {
            row.prefix: _KnownKey(
                row.secret_hash,
                Caller(
                    row.project_id,
                    frozenset(map(Scope, row.scopes)),
                    identity=row.prefix,
                    name=row.name,
                    expires_at=row.expires_at,
                ),
            )
            for row in rows
        }
