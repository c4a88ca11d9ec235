"""What every table has: names of constraints, the project that leads each key, column types."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    Text,
    Uuid,
    func,
    literal_column,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column
from uuid_utils.compat import uuid7

JSON = postgresql.JSON(none_as_null=True)
"""A document kept to the letter, for what is only recorded and given back. None is SQL NULL."""

JSONB = postgresql.JSONB(none_as_null=True)
"""A document to search in; the order of its keys and the spelling of its numbers are not kept."""


def write_json(value: Any) -> str:
    """Write a document for a JSON column, from a Python value; UUIDs become text."""
    return orjson.dumps(value, default=str).decode()


def read_json(text: str) -> str:
    """Read a JSON column: as the text it is, so that a response can carry it on unparsed."""
    return text


_LEAST = (
    (DateTime, "'-infinity'::timestamp with time zone"),
    (Double, "'-infinity'::double precision"),
    (Integer, "'-2147483648'::integer"),
)


def least_value(column: Column[Any]) -> ColumnElement[Any]:
    """Give the value that stands for null where a column is ordered: less than any other."""
    spelled = next(text for kind, text in _LEAST if isinstance(column.type, kind))
    return literal_column(spelled, column.type)


def never_null(column: Column[Any]) -> ColumnElement[Any]:
    """Give a column for an order or its index: the least value stands for null."""
    return func.coalesce(column, least_value(column)) if column.nullable else column


class Base(DeclarativeBase):
    """The declarative base; `Base.metadata` is the whole store."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s__%(column_0_N_name)s",
            "uq": "uq_%(table_name)s__%(column_0_N_name)s",
            "ix": "ix_%(table_name)s__%(column_0_N_name)s",
            "ck": "ck_%(table_name)s__%(constraint_name)s",
        }
    )
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        Decimal: Numeric,
        UUID: Uuid,
    }


class ProjectRow:
    """The columns that every row of a project has: `(project_id, id)` is its primary key.

    `id` is a UUIDv7 (RFC 9562), so ids sort by the time they were made.
    """

    project_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProjectRoot(ProjectRow):
    """A row that hangs on its project alone; others hang on it by `(project_id, …)` keys.

    Only these tables refer to `projects`: the rest reach it through them, and a foreign key in
    each would make every insert lock the one project row.
    """

    project_id: Mapped[int] = mapped_column(
        Integer,
        ForeignKey("projects.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def references(
    column: str, table: str, *, on_delete: str, index: bool = True, use_alter: bool = False
) -> tuple[ForeignKeyConstraint | Index, ...]:
    """Make the foreign key `(project_id, column)` to a row of the same project, and its index.

    `on_delete` is `CASCADE` or `SET NULL`; the latter clears `column` alone (PostgreSQL 15).
    `index=False` where another index already begins with the two columns; `use_alter` adds the
    key after both tables are there, for tables that refer to each other.
    """
    action = f"SET NULL ({column})" if on_delete == "SET NULL" else on_delete
    key = ForeignKeyConstraint(
        ["project_id", column],
        [f"{table}.project_id", f"{table}.id"],
        ondelete=action,
        use_alter=use_alter,
    )
    return (key, Index(None, "project_id", column)) if index else (key,)


def order_index(attribute: InstrumentedAttribute[Any]) -> Index:
    """Make the index of an order by a column: `(project_id, column, id)`, a null as the least."""
    column = attribute.property.columns[0]
    columns = column.table.c
    name = f"ix_{column.table.name}__order_by_{column.name}"
    return Index(name, columns.project_id, never_null(column), columns.id)


def search_index(table: str, column: str) -> Index:
    """Make the index that finds rows by what a JSONB document or an array holds (`@>`, `&&`).

    It does not lead with the project, which would need an extension; the rows found are few.
    """
    operators = {} if column == "tags" else {column: "jsonb_path_ops"}
    return Index(f"ix_{table}__{column}", column, postgresql_using="gin", postgresql_ops=operators)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Check that a text column holds one of an enum's values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def between_0_and_1(column: str) -> CheckConstraint:
    """Check that a score lies in 0..1."""
    return CheckConstraint(f"{column} BETWEEN 0 AND 1", name=column)


def not_negative(*columns: str) -> tuple[CheckConstraint, ...]:
    """Check that counts, amounts and durations are at least 0."""
    return tuple(CheckConstraint(f"{column} >= 0", name=column) for column in columns)
