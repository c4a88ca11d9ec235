"""The search for a person: what is planted anywhere is found."""

from typing import Any

import pytest
from orjson import dumps
from sqlalchemy import ARRAY, JSON, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models import ApiKey, IdempotencyKey, PersistedDocument, Span
from server.administration import person_search
from server.administration.person_columns import NAMED, OWNERS, searched_columns, searched_tables
from server.administration.person_search import PersonSearch
from tests import history

_NO_PERSON = {"confirmations.user_message"}
"""Named as if it told of a person, which it does not: it is what a person is asked."""


def test_every_column_that_names_a_person_is_declared() -> None:
    declared = {*OWNERS, *NAMED}
    words = ("user", "actor", "accessor", "author", "owner", "person")
    for table in searched_tables():
        for column in searched_columns(table):
            is_kind = column.name.endswith("_type")
            names = column.name.endswith("_by") or any(word in column.name for word in words)
            if names and not is_kind and str(column) not in _NO_PERSON:
                assert column in declared, f"say in person_columns.py what becomes of {column}"


def test_what_is_emptied_may_be_empty() -> None:
    for column, others in NAMED.items():
        assert all(each.nullable for each in (column, *others)), column


@pytest.fixture
async def filled(engine: AsyncEngine) -> AsyncEngine:
    """A store with a row in every table that is searched."""
    await history.fill(engine, 2)
    async with engine.begin() as connection:
        await connection.execute(
            insert(ApiKey).values(
                project_id=1, name="key", prefix="a", secret_hash=bytes(32), scopes=["read"]
            )
        )
        await connection.execute(
            insert(IdempotencyKey).values(
                project_id=1, key="a", mutation="m", input_hash=bytes(32), answer={}
            )
        )
        await connection.execute(
            insert(Span).values(project_id=1, id=bytes(24), started_at=func.now(), operation={})
        )
        await connection.execute(insert(PersistedDocument).values(hash=bytes(32), document="{a}"))
    return engine


def _value(column: Any, written: str) -> Any:
    """What a column holds that has a text in it, a little hidden."""
    if isinstance(column.type, ARRAY):
        return ["other", written]
    if isinstance(column.type, JSON):
        return {"many": [1, {"deep": [None, written]}]}
    return written


def _key(column: Any, written: str) -> Any:
    return {"many": [{written: 1}]} if isinstance(column.type, JSON) else _value(column, written)


async def _find(engine: AsyncEngine, table: Table, user_id: str) -> dict[str, bool]:
    pages = PersonSearch(user_id).search(engine, table, 1)
    hits = [hit async for page in pages for hit in page]
    return {name: is_value for hit in hits for name, is_value in hit.columns.items()}


_PLANTINGS = [
    ("{}", _value, True),
    ("{}", _key, True),
    ("Ask {}, she\nknows.", _value, False),
    ("line\n{}\ttab", _key, False),
]


@pytest.mark.parametrize("user_id", ["ann", 'zoë \\ "quoted" \n/@', "+1 (555)"])
@pytest.mark.parametrize("planting", _PLANTINGS)
async def test_what_is_planted_is_found(
    filled: AsyncEngine, planting: Any, user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, value, is_value = planting
    async with filled.begin() as connection:  # which allows no such names of projects
        await connection.exec_driver_sql("ALTER TABLE projects DROP CONSTRAINT ck_projects__name")
    monkeypatch.setattr(person_search, "PAGE_ROWS", 5)
    for table in searched_tables():
        assert await _find(filled, table, user_id) == {}
        planted = {
            column.name: value(column, form.format(f"{user_id}{number}"))
            for number, column in enumerate(searched_columns(table))
        }
        key = list(table.primary_key)
        last = select(*key).order_by(*[column.desc() for column in key]).limit(1)
        async with filled.begin() as connection:
            place = (await connection.execute(last)).one()
            await connection.execute(
                update(table)
                .where(*(column == each for column, each in zip(key, place, strict=True)))
                .values(planted)
            )
        for number, name in enumerate(planted):
            found = await _find(filled, table, f"{user_id}{number}")
            assert found == {name: is_value}, f"{table}.{name}"


@pytest.mark.parametrize("document", [r'["\u0061nn"]', r'{"\u0061nn": 1}', '{"a": "ann"}'])
async def test_escaped_letters_are_found(filled: AsyncEngine, document: str) -> None:
    table = Span.__table__
    assert isinstance(table, Table)
    async with filled.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE spans SET operation = '{document}'")
    assert await _find(filled, table, "ann") == {"operation": True}


@pytest.mark.parametrize("said", ["anna", "joann", "ann_2", "Ann", "a nn", "änn", "annä"])
async def test_other_words_are_not_found(filled: AsyncEngine, said: str) -> None:
    table = PersistedDocument.__table__
    assert isinstance(table, Table)
    async with filled.begin() as connection:
        await connection.execute(update(PersistedDocument).values(document=f"to {said}."))
    assert await _find(filled, table, "ann") == {}


async def test_a_document_of_many_levels_is_searched(filled: AsyncEngine) -> None:
    table = Span.__table__
    assert isinstance(table, Table)
    document = dumps("ann").decode()
    for _ in range(500):
        document = f"[{document}]"
    async with filled.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE spans SET operation = '{document}'")
    assert await _find(filled, table, "ann") == {"operation": True}
