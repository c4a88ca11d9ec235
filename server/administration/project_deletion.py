"""Deletes a project with everything in it, in batches.

A project may have millions of rows: each batch is a transaction of its own, so that nothing is
locked for long and PostgreSQL can clean up behind. Interrupted, it goes on where it was when it is
run again. Its keys are revoked first; what requests under way still write goes with the rest.
"""

from collections.abc import Callable

from sqlalchemy import Delete, Table, delete, func, select, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from models import ApiKey, Base, Project
from resolvers.errors import Invalid, NotFound
from server.administration.projects import check_name
from server.authentication import DEFAULT_PROJECT_ID

_BATCH_ROWS = 2_000
_ATTEMPTS = 5
_DEADLOCK = "40P01"

Tell = Callable[[str, int], None]
"""Hears a table and how many of its rows went, batch by batch."""


async def delete_project(engine: AsyncEngine, name: str, tell: Tell) -> None:
    """Delete a project for good. Raises `NotFound`, and `Invalid` for the default project."""
    project_id = await _close(engine, name)
    # requests that were under way may have written behind us
    while await _delete_rows(engine, project_id, tell):
        pass
    async with engine.begin() as connection:
        await connection.execute(delete(Project).where(Project.id == project_id))


async def _close(engine: AsyncEngine, name: str) -> int:
    """Let nobody open the project any more, and give its id."""
    check_name(name)
    async with engine.begin() as connection:
        project_id: int | None = await connection.scalar(
            update(Project)
            .where(Project.name == name, Project.id != DEFAULT_PROJECT_ID)
            .values(deleted_at=func.coalesce(Project.deleted_at, func.now()))
            .returning(Project.id)
        )
        if project_id is None:
            default = await connection.scalar(select(Project.id).where(Project.name == name))
            if default is not None:
                raise Invalid(f"The project {name} stays: servers that need no keys use it.")
            raise NotFound(f"There is no project {name}; `sessiongraph projects list` has them.")
        await connection.execute(
            update(ApiKey)
            .where(ApiKey.project_id == project_id, ApiKey.revoked_at.is_(None))
            .values(revoked_at=func.now())
        )
    return project_id


async def _delete_rows(engine: AsyncEngine, project_id: int, tell: Tell) -> int:
    """Delete the rows of all tables once, those that refer to others first; count them."""
    deleted = 0
    for table in reversed(Base.metadata.sorted_tables):
        if "project_id" in table.c and table is not ApiKey.__table__:
            deleted += await _delete_rows_of(engine, table, project_id, tell)
    return deleted


async def _delete_rows_of(engine: AsyncEngine, table: Table, project_id: int, tell: Tell) -> int:
    # From the end of the primary key, ids being in the order of time: a session goes before its
    # parent, so that no cascade takes a whole tree at once. And never from the same end twice,
    # where the index still has what was deleted before.
    key = [column for column in table.primary_key if column.name != "project_id"]
    place = tuple_(*key)
    from_the_end = [column.desc() for column in key]
    rest = table.c.project_id == project_id
    deleted = 0
    while True:
        batch = select(*key).where(rest).order_by(*from_the_end).limit(_BATCH_ROWS)
        async with engine.connect() as connection:
            found = (await connection.execute(batch)).all()
        if not found:
            return deleted
        last = tuple(found[-1])
        count = await _run_again_if_busy(engine, delete(table).where(rest, place >= last))
        rest = (table.c.project_id == project_id) & (place < last)
        deleted += count
        tell(table.name, count)


async def _run_again_if_busy(engine: AsyncEngine, statement: Delete) -> int:
    """Run a statement that requests under way may be in the way of; count its rows."""
    for attempt in range(_ATTEMPTS):
        try:
            async with engine.begin() as connection:
                return (await connection.execute(statement)).rowcount
        except DBAPIError as error:
            if attempt == _ATTEMPTS - 1 or getattr(error.orig, "sqlstate", None) != _DEADLOCK:
                raise
    raise AssertionError  # the last attempt returns or raises
