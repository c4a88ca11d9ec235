"""What a file holds follows from the models: whatever is added to them is carried."""

from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.layout import CARRIED, FAMILIES, FAMILY_OF, NOT_CARRIED, members
from exchange.archive.read_lines import ArchivedRow, read_line
from exchange.archive.written_lines import LineWriter
from models import Base
from models.base import ProjectRow
from resolvers.identifiers import PREFIXES, TABLES, table_of
from schema import schema
from schema.declarations import ColumnField, OneField
from schema.fields import NODE_TYPES
from tests.exchange.archive.archives import export
from tests.history import fill

NOT_EXPORTED = {"api_keys"}


def test_every_noun_of_a_project_is_carried_but_its_keys() -> None:
    nouns = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, ProjectRow)]
    names = {table_of(noun.class_).name for noun in nouns}
    assert {table.name for table in CARRIED} == names - NOT_EXPORTED
    assert [t for family in FAMILIES for t in family.tables] == list(FAMILY_OF)
    assert set(FAMILY_OF) == set(CARRIED)


@pytest.mark.parametrize("table", CARRIED, ids=lambda table: table.name)
def test_every_column_is_carried(table: Table) -> None:
    """Whatever a column says, and whatever its type is, comes back as it was."""
    columns = [c for c in table.c if c.name not in NOT_CARRIED]
    carried = [m.column for m in members(table)]
    carried += [m.type_column for m in members(table) if m.type_column is not None]
    assert {c.name for c in carried} == {c.name for c in columns}
    assert len({m.name for m in members(table)}) == len(members(table)), "names are apart"


async def test_lines_are_read_as_they_were_written(engine: AsyncEngine) -> None:
    await fill(engine, 1)
    for number, line in enumerate((await export(engine))[1:-1]):
        read = read_line(number, line)
        assert isinstance(read, ArchivedRow)
        values = {"project_id": 1, "position": 1, **read.values}
        row = [values.get(column.name) for column in read.table.c]
        assert LineWriter(PREFIXES[read.table]).write(row) == line


@pytest.mark.parametrize(
    "spelling", ['{"a":\n 1}', "[\r\n]", '{"b":1.50,"a":"\\n\\u00e9"}', "null"]
)
def test_a_document_keeps_its_letters(spelling: str) -> None:
    table = TABLES["state_snapshot"]
    given = {"id": uuid4(), "module_state_id": uuid4(), "state": spelling}
    line = LineWriter("state_snapshot").write([given.get(c.name) for c in table.c])
    assert line.count(b"\n") == 1
    shown = orjson.loads(line)
    assert shown["state_snapshot"]["state"] == orjson.loads(spelling), "readers of JSON find it"
    whole = orjson.dumps(
        {
            **shown,
            "state_snapshot": {
                **shown["state_snapshot"],
                "state": orjson.Fragment(spelling.replace("\n", " ").replace("\r", " ")),
                "revision": 1,
                "reason": "r",
                "createdAt": "2026-01-01T00:00:00Z",
            },
        }
    )
    read = read_line(1, whole)
    assert isinstance(read, ArchivedRow)
    assert read.values["state"] == spelling


def test_names_are_those_of_the_api() -> None:
    for table, node_type in NODE_TYPES.items():
        names = {member.column.name: member.name for member in members(table)}
        columns = list(table.c)
        for field in node_type.__strawberry_definition__.fields:
            name = schema.config.name_converter.from_field(field)
            column = _column(field.metadata["declaration"], columns)
            if column is not None and column.name not in NOT_CARRIED | {"id"}:
                assert names[column.name] == name, f"{table.name}.{column.name}"


def _column(declaration: Any, columns: list[Any]) -> Any:
    """The column that a field shows, or whose row it links to."""
    if isinstance(declaration, ColumnField):
        return columns[declaration.position]
    if isinstance(declaration, OneField) and isinstance(declaration.key, int):
        return columns[declaration.key]
    return None
