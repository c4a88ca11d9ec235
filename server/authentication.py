"""Who sends a request: the API key of its Authorization header, and the project it opens.

A key is `sg_<prefix>_<secret>`: the prefix finds its row, the SHA-256 of the secret is compared in
constant time. Rows are kept for a few seconds, so that a revoked key stops working that soon.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models import ApiKey, Project, Scope
from resolvers.errors import Invalid, Unauthenticated
from server.caller import Caller

_CACHE_SECONDS = 5.0
_CACHE_KEYS = 10_000
_PREFIX_BYTES = 6
_SECRET_BYTES = 32
DEFAULT_PROJECT_ID = 1


@dataclass(frozen=True)
class _KnownKey:
    name: str
    project_id: int
    secret_hash: bytes
    scopes: frozenset[Scope]


@dataclass
class Authenticator:
    """Finds the callers of requests. `requires_key` is False where anyone may use project 1."""

    engine: AsyncEngine
    requires_key: bool
    _cache: dict[str, tuple[float, _KnownKey | None]] = field(default_factory=dict)

    async def caller(self, authorization: str | None) -> Caller:
        """Find who sends a request by its Authorization header.

        Raises `Unauthenticated` for a key that is missing, malformed, unknown or revoked.
        """
        if authorization is None:
            if self.requires_key:
                raise Unauthenticated("Send an API key: `Authorization: Bearer sg_…`.")
            return Caller(DEFAULT_PROJECT_ID)
        scheme, _, token = authorization.partition(" ")
        parts = token.strip().split("_")
        if scheme.lower() != "bearer" or len(parts) != 3 or parts[0] != "sg":  # noqa: PLR2004
            raise Unauthenticated("Send an API key as `Authorization: Bearer sg_…`.")
        known = await self._known(parts[1])
        secret_hash = sha256(parts[2].encode()).digest()
        # an unknown prefix costs the same comparison as a known one
        expected = known.secret_hash if known is not None else bytes(32)
        if not hmac.compare_digest(secret_hash, expected) or known is None:
            raise Unauthenticated("This API key is unknown or was revoked.")
        return Caller(known.project_id, known.scopes, identity=parts[1], name=known.name)

    async def _known(self, prefix: str) -> _KnownKey | None:
        now = monotonic()
        cached = self._cache.get(prefix)
        if cached is not None and cached[0] > now:
            return cached[1]
        if not prefix.isascii() or not prefix.isalnum():
            return None
        async with self.engine.connect() as connection:
            found = await connection.execute(
                select(ApiKey.name, ApiKey.project_id, ApiKey.secret_hash, ApiKey.scopes).where(
                    ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None)
                )
            )
            row = found.one_or_none()
        known = row and _KnownKey(
            row.name, row.project_id, row.secret_hash, frozenset(map(Scope, row.scopes))
        )
        if len(self._cache) >= _CACHE_KEYS:
            self._cache.clear()
        self._cache[prefix] = (now + _CACHE_SECONDS, known)
        return known


async def create_key(
    connection: AsyncConnection, project: str, name: str, scopes: Sequence[Scope]
) -> str:
    """Make a key for a project, which is made too if it is new; the key is shown only here.

    A scope includes the ones before it: `admin` may record, `record` may read.
    """
    if not name.strip() or not project.strip():
        raise Invalid("Give the key and its project a name.")
    project_id = await connection.scalar(select(Project.id).where(Project.name == project))
    if project_id is None:
        project_id = await connection.scalar(
            insert(Project).values(name=project).returning(Project.id)
        )
    prefix, secret = secrets.token_hex(_PREFIX_BYTES), secrets.token_hex(_SECRET_BYTES)
    order = list(Scope)
    granted = order[: max(order.index(scope) for scope in scopes) + 1]
    await connection.execute(
        insert(ApiKey).values(
            project_id=project_id,
            name=name,
            prefix=prefix,
            secret_hash=sha256(secret.encode()).digest(),
            scopes=list(granted),
        )
    )
    return f"sg_{prefix}_{secret}"
