"""The store's shape, and what the database itself refuses."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Agent, AgentVersion, Base, Confirmation, Message, Project, Session
from resolvers.loaders import PageByColumn, PageOfProject
from schema.declarations import PageField
from schema.fields import NODE_TYPES

TABLES = Base.metadata.sorted_tables
OF_PROJECTS = [table for table in TABLES if "project_id" in table.c]


def _indexed(table: Table) -> list[tuple[str, ...]]:
    """The columns of each index of a table, those of its unique constraints among them."""
    keys = [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    found = [tuple(column.name for column in key.columns) for key in (table.primary_key, *keys)]
    return found + [
        tuple(getattr(column, "name", "") for column in index.expressions)
        for index in table.indexes
        if index.dialect_options["postgresql"]["where"] is None
    ]


@pytest.mark.parametrize("table", OF_PROJECTS, ids=str)
def test_the_project_leads_every_key(table: Table) -> None:
    # an index of what documents and arrays hold cannot lead with it without an extension
    ordered = [index for index in table.indexes if index.kwargs["postgresql_using"] != "gin"]
    keys: list[Any] = [table.primary_key, *ordered]
    keys += [item for item in table.constraints if isinstance(item, ForeignKeyConstraint)]
    for key in keys:
        columns = [column.name for column in key.columns]
        if columns not in (["created_at"], ["prefix"]):  # of all projects: pruning, logging in
            assert columns[0] == "project_id", key.name


@pytest.mark.parametrize("table", OF_PROJECTS, ids=str)
def test_every_foreign_key_has_an_index(table: Table) -> None:
    indexed = _indexed(table)
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            columns = tuple(column.name for column in constraint.columns)
            assert any(index[: len(columns)] == columns for index in indexed), constraint.name


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_names_follow_the_convention_and_fit(table: Table) -> None:
    prefixes = ("pk_", "fk_", "uq_", "ix_", "ck_")
    named: list[Any] = [*table.constraints, *table.indexes]
    for item in named:
        assert str(item.name).startswith(prefixes), item
        assert len(str(item.name)) <= 63
        if not isinstance(item, Index):
            assert str(item.name).split("_", 1)[1].startswith(table.name)


def test_every_order_that_is_offered_has_an_index() -> None:
    loaders = []
    for node_type in NODE_TYPES.values():
        for field in node_type.__strawberry_definition__.fields:
            declaration = field.metadata["declaration"]
            if isinstance(declaration, PageField):
                loaders.append(declaration.loader)
    assert len(loaders) > 20
    for loader in loaders:
        wanted = ("project_id", *loader.order.columns)
        if type(loader) is PageByColumn:
            wanted = ("project_id", loader.column, *loader.order.columns)
        elif not isinstance(loader, PageOfProject):
            continue  # descendants are found level by level, and sorted
        indexed = _indexed(loader.table)
        assert any(index[: len(wanted)] == wanted for index in indexed), (loader.table, wanted)


AGENT, SESSION, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
Row = tuple[type[Base], dict[str, Any]]


def session(**values: Any) -> Row:
    own = uuid4()
    return Session, {"id": own, "root_id": own, "input_hash": b"", **values}


def child(**values: Any) -> Row:
    below = {"parent_id": SESSION, "root_id": SESSION, "depth": 1, "kind": "SUBAGENT"}
    return session(**{**below, **values})


def version(**values: Any) -> Row:
    return AgentVersion, {"agent_id": AGENT, "is_active": True, **values}


def message(**values: Any) -> Row:
    return Message, {"session_id": SESSION, "sequence": 1, "role": "USER", **values}


PRESENT: list[Row] = [
    (Agent, {"id": AGENT, "agent_id": "agent", "name": "Agent", "input_hash": b""}),
    version(version_number="1"),
    session(id=SESSION, root_id=SESSION, session_id="taken"),
    message(),
]
REFUSED: dict[str, Row] = {
    "a parent of another project": child(project_id=2),
    "an agent of another project": session(project_id=2, agent_id=AGENT),
    "a parent of itself": child(id=OTHER, parent_id=OTHER),
    "a root with a parent": session(parent_id=SESSION),
    "a child without a parent": session(kind="SUBAGENT"),
    "a child that is its own root": child(id=OTHER, root_id=OTHER),
    "a root below the top": session(depth=1),
    "an unknown status": session(status="LOST"),
    "a score above 1": session(quality_score=1.5),
    "a negative count": session(message_count=-1),
    "an end before the start": session(
        started_at=datetime(2026, 1, 2, tzinfo=UTC), ended_at=datetime(2026, 1, 1, tzinfo=UTC)
    ),
    "the same name twice": session(session_id="taken"),
    "two active versions": version(version_number="2"),
    "a sequence twice": message(),
    "a message of no session": message(session_id=OTHER, sequence=2),
    "an unknown role": message(sequence=2, role="PARROT"),
    "a decision without a time": (
        Confirmation,
        {"session_id": SESSION, "tool_name": "pay", "status": "APPROVED"},
    ),
}


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED.keys())
async def test_the_database_refuses(engine: AsyncEngine, row: Row) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(Project).values(name="second"))
        for model, values in PRESENT:
            await connection.execute(insert(model).values({"project_id": 1, **values}))
    model, values = row
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(insert(model).values({"project_id": 1, **values}))
