"""Projects: made and listed. Their deletion is in `project_deletion`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from models import ApiKey, Project, Session
from resolvers.errors import Conflict, Invalid, NotFound

MAX_COUNTED = 10_000
"""Sessions of one project: what is more is not counted, since that takes time."""
_MAX_NAME_CHARACTERS = 100
"""Of a project and of a key."""


@dataclass(frozen=True, slots=True)
class ListedProject:
    """A project as an operator sees it."""

    name: str
    created_at: datetime
    keys: int
    """Those that work now."""
    sessions: int
    """`MAX_COUNTED` + 1 stands for any number above."""
    deleted_at: datetime | None
    """When its deletion began, which goes on when it is run again."""


async def find_project(connection: AsyncConnection, name: str) -> int:
    """Give the id of a project. Raises `NotFound`, or `Invalid` for what is no name."""
    check_name(name)
    found: int | None = await connection.scalar(
        select(Project.id).where(Project.name == name, Project.deleted_at.is_(None))
    )
    if found is None:
        raise NotFound(
            f"There is no project {name}. Make it with `sessiongraph projects create {name}`."
        )
    return found


async def choose_projects(connection: AsyncConnection, name: str | None) -> dict[str, int]:
    """Give the id of a project by its name; with None those of all, also of those that go.

    Raises `NotFound`, or `Invalid` for what is no name.
    """
    if name is not None:
        return {name: await find_project(connection, name)}
    rows = await connection.execute(select(Project.name, Project.id).order_by(Project.name))
    return {row.name: row.id for row in rows}


async def create_project(connection: AsyncConnection, name: str) -> None:
    """Make a project. Raises `Invalid` for what is no name, `Conflict` for one that is there."""
    check_name(name)
    try:
        await connection.execute(insert(Project).values(name=name))
    except IntegrityError as error:
        raise Conflict(f"There is a project {name} already.") from error


async def list_projects(connection: AsyncConnection) -> list[ListedProject]:
    """Give all projects by name."""
    few = (
        select(Session.id)
        .where(Session.project_id == Project.id)
        .limit(MAX_COUNTED + 1)
        .correlate(Project)
        .subquery()
    )
    sessions = select(func.count().label("count")).select_from(few).lateral()
    keys = (
        select(func.count())
        .where(ApiKey.project_id == Project.id, works_now())
        .correlate(Project)
        .scalar_subquery()
    )
    rows = await connection.execute(
        select(Project.name, Project.created_at, keys, sessions.c.count, Project.deleted_at)
        .join(sessions, true())
        .order_by(Project.name)
    )
    return [ListedProject(*row) for row in rows]


def works_now() -> ColumnElement[bool]:
    """Whether a key opens its project now."""
    has_not_ended = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
    return and_(ApiKey.revoked_at.is_(None), has_not_ended)


def check_name(name: str) -> None:
    """Refuse a name that could not be read or typed again. Raises `Invalid`."""
    is_short = 0 < len(name) <= _MAX_NAME_CHARACTERS
    if not is_short or name != name.strip() or not name.isprintable():
        raise Invalid(
            f"A name has 1 to {_MAX_NAME_CHARACTERS} printable characters, and no spaces around it."
        )
