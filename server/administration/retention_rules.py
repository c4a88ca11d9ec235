"""Retention rules: how long a project keeps its sessions, by their status."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Project, RetentionRule, SessionStatus
from resolvers.errors import Invalid, NotFound
from server.administration.projects import find_project


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """A rule of a project; `project_id` is its id, `project` its name."""

    project_id: int
    project: str
    status: str
    keep_for: timedelta


async def set_rule(
    connection: AsyncConnection, project: str, status: SessionStatus, keep_for: timedelta
) -> None:
    """Set how long a project keeps trees whose root has a status.

    Raises `NotFound`, and `Invalid` for no time at all.
    """
    if not keep_for:
        raise Invalid("Give a time of at least a second.")
    values = {"project_id": await find_project(connection, project), "status": status}
    await connection.execute(
        insert(RetentionRule)
        .values(keep_for=keep_for, **values)
        .on_conflict_do_update(
            index_elements=list(values), set_={"keep_for": keep_for, "created_at": func.now()}
        )
    )


async def remove_rule(connection: AsyncConnection, project: str, status: SessionStatus) -> None:
    """Let a project keep trees whose root has a status for ever. Raises `NotFound`."""
    project_id = await find_project(connection, project)
    removed = await connection.execute(
        delete(RetentionRule)
        .where(RetentionRule.project_id == project_id, RetentionRule.status == status)
        .returning(RetentionRule.status)
    )
    if removed.one_or_none() is None:
        raise NotFound(
            f"The project {project} has no rule for {status}; `sessiongraph retention list` has "
            "those that there are."
        )


async def list_rules(connection: AsyncConnection, project: str | None = None) -> list[ProjectRule]:
    """Give the rules of a project, or of all that are not being deleted. Raises `NotFound`."""
    statement = (
        select(Project.id, Project.name, RetentionRule.status, RetentionRule.keep_for)
        .join(Project, Project.id == RetentionRule.project_id)
        .where(Project.deleted_at.is_(None))
        .order_by(Project.name, RetentionRule.status)
    )
    if project is not None:
        statement = statement.where(Project.id == await find_project(connection, project))
    return [ProjectRule(*row) for row in await connection.execute(statement)]
