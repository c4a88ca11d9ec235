"""Searches every table for a person's ID: every text, document and list of texts.

Tables are read in pages along their primary keys, so that no statement takes long and none keeps
PostgreSQL from cleaning up. The database finds the rows that have the ID's letters anywhere; what
that means is told here, from the values themselves.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Row,
    String,
    Table,
    Text,
    case,
    cast,
    func,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from server.administration.person_columns import DERIVED, NAMED, OWNERS, searched_columns

PAGE_ROWS = 2_000

NO_TIMEOUT = text("SET LOCAL statement_timeout = 0")
"""A page has few rows, but they may be as large as its writers made them."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that has the ID in it."""

    table: Table
    row: Row[Any]
    """Its primary key, and the columns that refer to other rows of the project."""
    columns: Mapping[str, bool]
    """Where: whether a value is the ID itself. Otherwise it stands in a text as a word."""

    @property
    def named(self) -> list[str]:
        """The columns that make the row the person's, or say that the person did something."""
        if self.table in DERIVED:
            return list(self.columns)
        return [name for name, is_value in self.columns.items() if is_value and self._names(name)]

    @property
    def mentioned(self) -> list[str]:
        """The columns in which the ID stands otherwise: in what somebody said or named."""
        named = self.named
        return [name for name in self.columns if name not in named]

    def _names(self, name: str) -> bool:
        return self.table.c[name] in OWNERS or self.table.c[name] in NAMED


class PersonSearch:
    """Finds an ID: as a value, as a key or a string in a document, or as a word in a text.

    Its spelling is exact. A word ends where no letter, digit or underscore follows, so that `ann`
    is not found in `anna`, but is in `ann@example.com`.
    """

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id
        before = r"(?<!\w)" if re.match(r"\w", user_id[0]) else ""
        after = r"(?!\w)" if re.match(r"\w", user_id[-1]) else ""
        self.word = re.compile(before + re.escape(user_id) + after)
        """The ID as a word of a text."""
        self._escaped = orjson.dumps(user_id).decode()[1:-1]

    async def search(
        self, engine: AsyncEngine, table: Table, project_id: int
    ) -> AsyncIterator[list[Hit]]:
        """Give what is found in a project's rows of a table, page by page.

        Of a table that belongs to no project, all rows are searched.
        """
        key = [column for column in table.primary_key if column.name != "project_id"]
        place = tuple_(*key)
        rest = table.c.project_id == project_id if "project_id" in table.c else true()
        candidates = {column.name: self._may_hold(column) for column in searched_columns(table)}
        wanted = [column for column in table.c if column.primary_key or column.foreign_keys]
        values = [
            case((may_hold, _as_text(table.c[name]))).label(f"in_{name}")
            for name, may_hold in candidates.items()
        ]
        while True:
            ends = select(*key).where(rest).order_by(*key).offset(PAGE_ROWS - 1).limit(1)
            async with engine.connect() as connection:
                await connection.execute(NO_TIMEOUT)
                last = (await connection.execute(ends)).one_or_none()
                page = rest if last is None else rest & (place <= tuple(last))
                found = await connection.execute(
                    select(*wanted, *values).where(page, or_(*candidates.values()))
                )
                rows = found.all()
            yield [hit for row in rows if (hit := self._read(table, row)).columns]
            if last is None:
                return
            beyond = place > tuple(last)
            rest = (
                beyond
                if "project_id" not in table.c
                else ((table.c.project_id == project_id) & beyond)
            )

    def _may_hold(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        written = _as_text(column)
        if isinstance(column.type, String):
            return func.strpos(written, self._user_id) > 0
        # letters may be escaped in a document that is kept as it came
        return or_(*(func.strpos(written, part) > 0 for part in (self._escaped, "\\u", "\\/")))

    def _read(self, table: Table, row: Row[Any]) -> Hit:
        columns: dict[str, bool] = {}
        for column in searched_columns(table):
            value = getattr(row, f"in_{column.name}")
            if value is None:
                continue
            texts = [value] if isinstance(column.type, String) else list(strings(json.loads(value)))
            if self._user_id in texts:
                columns[column.name] = True
            elif any(self.word.search(each) for each in texts):
                columns[column.name] = False
        return Hit(table, row, columns)


def _as_text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Write a column as text; a list as a document, whose escapes are known."""
    if isinstance(column.type, String):
        return column
    return cast(column if isinstance(column.type, JSON) else func.to_jsonb(column), Text)


def strings(document: Any) -> Iterator[str]:
    """Give every string and every key of a document."""
    rest = [document]
    while rest:
        match rest.pop():
            case str(text):
                yield text
            case list(items):
                rest.extend(items)
            case dict(members):
                yield from members
                rest.extend(members.values())
