"""API keys: made, listed, revoked and replaced.

How a request's key is checked is in `server/authentication/api_keys.py`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models import ApiKey, Project, Scope
from resolvers.errors import Conflict, Invalid, NotFound
from server.administration.projects import check_name, find_project, works_now

_PREFIX_BYTES = 6
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as an operator sees it; nothing tells its secret."""

    prefix: str
    name: str
    project: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


async def create_key(
    connection: AsyncConnection,
    project: str,
    name: str,
    scopes: Sequence[Scope],
    lifetime: timedelta | None = None,
) -> str:
    """Make a key for a project; it is shown only here. One without a lifetime does not expire.

    A scope includes the ones before it: `admin` may record, `record` may read. Raises `NotFound`
    for an unknown project, `Invalid` for a name that is none.
    """
    check_name(name)
    project_id = await find_project(connection, project)
    order = list(Scope)
    granted = order[: max(order.index(scope) for scope in scopes) + 1]
    return await _insert(connection, project_id, name, list(granted), lifetime)


async def list_keys(connection: AsyncConnection, project: str | None = None) -> list[ListedKey]:
    """Give the keys of a project, or of all, the oldest first. Raises `NotFound`."""
    statement = (
        select(
            ApiKey.prefix,
            ApiKey.name,
            Project.name,
            ApiKey.scopes,
            ApiKey.created_at,
            ApiKey.last_used_at,
            ApiKey.expires_at,
            ApiKey.revoked_at,
        )
        .join(Project, Project.id == ApiKey.project_id)
        .order_by(Project.name, ApiKey.created_at, ApiKey.prefix)
    )
    if project is not None:
        statement = statement.where(ApiKey.project_id == await find_project(connection, project))
    return [ListedKey(*row) for row in await connection.execute(statement)]


async def count_working_keys(connection: AsyncConnection) -> int:
    """Count the keys that open a project now."""
    return await connection.scalar(select(func.count()).where(works_now())) or 0


async def revoke_key(connection: AsyncConnection, prefix: str) -> str:
    """Revoke a key for good and give its name; again is harmless. Raises `NotFound`."""
    key = await _lock(connection, prefix)
    await connection.execute(
        update(ApiKey)
        .where(ApiKey.prefix == key.prefix, ApiKey.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
    return str(key.name)


async def rotate_key(
    connection: AsyncConnection, prefix: str, overlap: timedelta, lifetime: timedelta | None = None
) -> str:
    """Make a key like another, which ends when the overlap does; the new one is shown only here.

    Raises `NotFound`, `Conflict` for a key that no longer works, and `Invalid` where one that
    expires would be replaced by one that does not.
    """
    old = await _lock(connection, prefix)
    if not old.works:
        raise Conflict(
            f"The key {old.prefix} works no longer. Make a new one with `sessiongraph keys create`."
        )
    if old.expires_at is not None and lifetime is None:
        raise Invalid(
            f"The key {old.prefix} expires. Say how long the new one works, such as with "
            "`--expires-in 90d`."
        )
    await connection.execute(
        update(ApiKey)
        .where(ApiKey.prefix == old.prefix)
        # where the old one has no end, the least of both is the other
        .values(expires_at=func.least(ApiKey.expires_at, func.now() + overlap))
    )
    return await _insert(connection, old.project_id, old.name, old.scopes, lifetime)


async def _lock(
    connection: AsyncConnection, given: str
) -> Row[str, int, str, list[str], datetime | None, bool]:
    """Find a key by its prefix, alone or with the `sg_` in front, and keep others off it."""
    prefix = given.removeprefix("sg_").partition("_")[0]
    check_name(prefix)
    found = await connection.execute(
        select(
            ApiKey.prefix,
            ApiKey.project_id,
            ApiKey.name,
            ApiKey.scopes,
            ApiKey.expires_at,
            works_now().label("works"),
        )
        .where(ApiKey.prefix == prefix)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no key of this prefix; `sessiongraph keys list` has them.")
    return row


async def _insert(
    connection: AsyncConnection,
    project_id: int,
    name: str,
    scopes: list[str],
    lifetime: timedelta | None,
) -> str:
    prefix, secret = secrets.token_hex(_PREFIX_BYTES), secrets.token_hex(_SECRET_BYTES)
    await connection.execute(
        insert(ApiKey).values(
            project_id=project_id,
            name=name,
            prefix=prefix,
            secret_hash=sha256(secret.encode()).digest(),
            scopes=scopes,
            expires_at=None if lifetime is None else func.now() + lifetime,
        )
    )
    return f"sg_{prefix}_{secret}"
