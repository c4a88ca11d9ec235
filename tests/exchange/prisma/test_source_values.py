"""How ids are made, and how times and URLs are read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exchange.prisma.converted import imported_id
from exchange.prisma.names import snake_case
from exchange.prisma.source_database import open_source
from exchange.prisma.source_values import read_time
from tests.exchange.prisma.sources import Source

MOMENT = datetime(2024, 6, 20, 10, 0, 0, 123_000, UTC)


def test_an_id_is_a_uuid_of_the_rows_time_and_name() -> None:
    own_id = imported_id("Message", "m1", MOMENT)
    assert own_id == imported_id("Message", "m1", MOMENT)
    assert (own_id.version, own_id.variant) == (7, "specified in RFC 4122")
    assert own_id.int >> 80 == round(MOMENT.timestamp() * 1000)
    assert own_id != imported_id("Message", "m2", MOMENT)
    assert own_id != imported_id("Session", "m1", MOMENT)
    assert imported_id("Message", "m1", None).int >> 80 == 0


@pytest.mark.parametrize(
    "given",
    [
        "2024-06-20T10:00:00.123Z",
        "2024-06-20 10:00:00.123",
        "2024-06-20T12:00:00.123+02:00",
        1718877600123,
        1718877600123.0,
        "1718877600123",
        datetime(2024, 6, 20, 10, 0, 0, 123_000),  # noqa: DTZ001  as drivers give it
    ],
)
def test_a_time_is_read_however_it_is_written(given: Any) -> None:
    assert read_time(given) == MOMENT


@pytest.mark.parametrize("given", ["", "soon", "0000-00-00 00:00:00", 10**18, "infinity", b"1"])
def test_what_is_no_time_is_none(given: Any) -> None:
    assert read_time(given) is None


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("sessionId", "session_id"), ("AI_Agent", "ai_agent"), ("AgentSession", "agent_session")],
)
def test_names_are_spelled_in_snake_case(name: str, spelled: str) -> None:
    assert snake_case(name) == spelled


@pytest.mark.parametrize(
    "url",
    [
        "file:./dev.db",
        "file:dev.db?connection_limit=1",
        "file:{folder}/dev.db",
        "file://{folder}/dev.db",
        "sqlite:dev.db",
        "sqlite:///dev.db",
        "sqlite:///{folder}/dev.db",
    ],
)
async def test_a_file_is_found_however_its_url_is_spelled(
    sqlite: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    await sqlite.make({"Session": ""})
    monkeypatch.chdir(tmp_path)
    async with open_source(url.format(folder=tmp_path)) as source:
        assert await source.table_names() == ["Session"]
