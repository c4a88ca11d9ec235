"""What restoring refuses, leaves alone, and goes on with."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive import restore
from resolvers.errors import Invalid
from resolvers.identifiers import decode
from tests.exchange.archive.archives import (
    check_same_store,
    edited,
    export,
    import_lines,
    import_path,
    new_project,
    refusals,
)
from tests.factories import create_memory, create_session, record_message, record_tool_call
from tests.graphql_client import GraphQLClient
from tests.history import fill
from tests.invariants import check_invariants, digest_rows

OTHER = "session_01h455vb4pex5vsknk084sn02q"


def put(**values: Any) -> Callable[[dict[str, Any]], Any]:
    """A change of a row's members; None leaves one out."""

    def change(row: dict[str, Any]) -> None:
        row.update(values)
        for name in [name for name, value in values.items() if value is None]:
            del row[name]

    return change


EDITS: list[tuple[str, dict[str, Any], str]] = [
    ("session", {"status": "SLEEPING"}, "status: Must be one of 'ACTIVE'"),
    ("session", {"root": OTHER}, "A session must stand behind the row that it hangs on."),
    ("session", {"messageCount": 7}, "the counts of its messages"),
    ("session", {"eventSequence": 7}, "the numbers and the order of its events"),
    ("session", {"toolCallCount": 0}, "the counts of its tool calls"),
    ("session", {"title": "a\x00b"}, "title: Must not hold NUL"),
    ("session", {"colour": "red"}, "Object contains unknown field `colour`"),
    ("session", {"inputHash": None}, "Object missing required field `inputHash`"),
    ("session", {"depth": "0"}, "depth: Expected `int"),
    ("session", {"depth": None}, "depth: Must not be null"),
    ("session", {"startedAt": "2026-01-01"}, "startedAt: Invalid RFC3339"),
    ("session", {"startedAt": "9999-01-01T00:00:00Z"}, "startedAt: Must be between the years"),
    ("session", {"endedAt": "1999-01-01T00:00:00Z"}, "It must be that ended_at >= started_at."),
    ("session", {"costUsd": "NaN"}, "costUsd: Must be a finite number."),
    ("session", {"inputHash": "xyz"}, "inputHash: Must be bytes in hexadecimal."),
    ("message", {"id": "message_1"}, "id: Not an id"),
    ("message", {"session": "memory_01h455vb4pex5vsknk084sn02q"}, "session: This is the id of a"),
    ("message", {"session": OTHER}, "session: Must be a row above, of the same whole."),
    ("message", {"parts": {"a": "\x00"}}, "parts: Must not hold NUL"),
    (
        "tool_call",
        {"message": "message_01h455vb4pex5vsknk084sn02q"},
        "message: There is no such row",
    ),
    ("tool_call", {"attempt": -1}, "It must be that attempt > 0."),
    ("session_event", {"root": OTHER}, "root: Must be a row above, of the same whole."),
    ("session_event", {"sequence": 2}, "session and sequence: There is another session event"),
    ("session_event", {"subject": "nothing_1"}, "subject: Must be an id."),
    ("module_state", {"revision": 9}, "the transitions of its module states"),
    ("memory", {"importance": 2}, "It must be that importance BETWEEN 0 AND 1."),
    ("memory", {"revision": 9}, "the count of its revisions"),
    ("memory", {"accessCount": 9}, "the count of its accesses"),
    ("memory", {"embedding": ["a"]}, "embedding"),
]


async def test_an_edited_file_is_refused_with_the_line_at_fault(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(engine, 2)
    lines = await export(engine)
    for number, (noun, values, reason) in enumerate(EDITS):
        changed = edited(lines, noun, put(**values))
        for kept_rows in (5,) if number % 2 else (2_000,):
            monkeypatch.setattr(restore, "_ENOUGH_ROWS", kept_rows)
            other = await new_project(engine, f"p{number}.{kept_rows}")
            restored = await import_lines(engine, changed, tmp_path, other)
            reasons = refusals(restored)
            assert reasons, (noun, values)
            assert reason in reasons[0], (noun, values, reasons)
            place = next(p for p, line in enumerate(changed, 1) if line != lines[p - 1])
            at_fault = [each for each in restored if each.refusal and reason in each.refusal]
            told = at_fault[0].refusal or ""
            # of two rows that are the same it is the second that is refused
            lines_at_fault = {f"line {place}", f"line {place + 1}"}
            named = "the file was changed" in told or told.partition(":")[0] in lines_at_fault
            assert named or at_fault[0].number == place, (told, place)
            wanted = "memory" if noun == "memory" else "session"
            new = [each for each in restored if each.noun == wanted and each.is_new]
            assert len(new) == (5 if wanted == "memory" else 1), "the others are restored"
            assert restored[-1].refusal == "The file was changed after it was exported."
    await check_invariants(engine)


HEADERS: list[tuple[list[bytes], str]] = [
    ([], "The file is empty."),
    ([b"\n"], "The file is empty."),
    ([b"{}\n"], "No header"),
    ([b"[1]\n"], "No header"),
    ([b'{"session_id": "a", "messages": []}\n'], "No header"),
    ([b'{"sessiongraph": {}}\n'], "The header must have a format and a revision."),
    ([b'{"sessiongraph": {"format": 2, "revision": "0009"}}\n'], "A newer release"),
    ([b'{"sessiongraph": {"format": 1, "revision": "9999"}}\n'], "A newer release"),
]


async def test_what_is_no_file_of_ours_is_refused(engine: AsyncEngine, tmp_path: Path) -> None:
    before = await digest_rows(engine)
    for lines, reason in HEADERS:
        with pytest.raises(Invalid, match=reason):
            await import_lines(engine, lines, tmp_path)
    assert await digest_rows(engine) == before


async def test_broken_lines_refuse_what_they_stand_in(engine: AsyncEngine, tmp_path: Path) -> None:
    await fill(engine, 2)
    lines = await export(engine)
    place = next(p for p, line in enumerate(lines) if line.startswith(b'{"message"'))
    other = await new_project(engine, "other")
    for broken, reason in [
        (b"{\n", "Must be a JSON object of one member"),
        (b"\xff\n", "Must be a JSON object of one member"),
        (b'{"message":{"parts":' + b"[" * 100_000 + b"\n", "Must be a JSON object of one member"),
        (b'{"span": {}}\n', "There is no such noun"),
        (b'{"session": 1}\n', "Expected `object`"),
        (lines[0], "A second header."),
    ]:
        changed = [*lines[:place], broken, *lines[place + 1 :]]
        (reason_given,) = refusals(await import_lines(engine, changed, tmp_path, other))[:1]
        assert reason_given.startswith(f"line {place + 1}: {reason}"), reason_given


async def test_a_file_that_was_cut_off_is_told_and_goes_on(
    engine: AsyncEngine, other_engine: AsyncEngine, tmp_path: Path
) -> None:
    await fill(engine, 4)
    lines = await export(engine)
    place = [p for p, line in enumerate(lines) if line.startswith(b'{"confirmation"')][3]
    restored = await import_lines(other_engine, lines[:place], tmp_path)
    assert refusals(restored)[-1] == "The file was cut off; what is whole before is restored."
    restored = await import_lines(other_engine, lines, tmp_path)
    there = [each.noun for each in restored if not each.is_new and each.noun != "end"]
    assert there.count("agent") == 4
    assert 1 <= there.count("session") < 4
    assert not refusals(restored)
    await check_same_store(engine, other_engine)
    await check_invariants(other_engine)


async def test_a_tree_that_went_on_is_refused_and_left(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    await create_session(graphql, "one")
    await create_session(graphql, "two")
    lines = await export(engine)
    await record_message(graphql, "one")
    before = await digest_rows(engine)
    restored = await import_lines(engine, lines, tmp_path)
    assert refusals(restored) == ["There is another state of this session already."]
    assert await digest_rows(engine) == before


async def test_a_name_that_is_taken_is_refused(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    await create_session(graphql, "one")
    await create_session(graphql, "two")
    await create_session(other_project, "one")
    (reason,) = refusals(await import_lines(engine, await export(engine), tmp_path, 2))
    assert reason == "sessionId: There is another session with the same."
    data = await other_project.execute("{ sessions { nodes { sessionId } } }")
    assert {each["sessionId"] for each in data["sessions"]["nodes"]} == {"one", "two"}


async def test_memories_keep_their_names(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        await create_memory(graphql, memoryId=name)
    await create_memory(other_project, memoryId="one", content="another")
    (reason,) = refusals(await import_lines(engine, await export(engine), tmp_path, 2))
    assert reason == "memoryId: There is another memory with the same."
    made = await other_project.record(
        "createMemory", "created", memoryId="two", type="fact", content={"a": 1}
    )
    assert made == {"created": False}


async def test_references_to_what_is_not_there_are_empty(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    await fill(engine, 1)
    lines = [line for line in await export(engine) if not line.startswith(b'{"agent')]
    other = await new_project(engine, "other")
    restored = await import_lines(engine, lines, tmp_path, other)
    assert not refusals(restored)
    assert restored[-1].note == "9 references to rows that are not there are empty."
    async with engine.connect() as connection:
        statement = text("SELECT count(agent_id) FROM sessions WHERE project_id = :project")
        assert await connection.scalar(statement, {"project": other}) == 0


async def test_references_across_trees_are_kept(
    graphql: GraphQLClient, engine: AsyncEngine, other_engine: AsyncEngine, tmp_path: Path
) -> None:
    await create_session(graphql, "first")
    await create_session(graphql, "second")
    call = await record_tool_call(graphql, "second")
    async with engine.begin() as connection:  # as a runtime's own order of things may have it
        await connection.execute(
            text("UPDATE sessions SET spawned_by_tool_call_id = :call WHERE session_id = 'first'"),
            {"call": _uuid(call["id"])},
        )
    lines = await export(engine)
    cut = next(p for p, line in enumerate(lines) if b'"sessionId":"second"' in line)
    await import_lines(other_engine, lines[:cut], tmp_path)
    restored = await import_lines(other_engine, lines, tmp_path)
    assert restored[-1].note is None
    await check_same_store(engine, other_engine)


def _uuid(identifier: str) -> UUID:
    decoded = decode(identifier)
    assert decoded is not None
    return decoded[1]


async def test_a_gzipped_file_is_read(
    engine: AsyncEngine, other_engine: AsyncEngine, tmp_path: Path
) -> None:
    await fill(engine, 1)
    whole = gzip.compress(b"".join(await export(engine)))
    path = tmp_path / "archive.jsonl.gz"
    path.write_bytes(whole)
    assert not refusals(await import_path(other_engine, path))
    await check_same_store(engine, other_engine)
    path.write_bytes(whole[:-100])
    restored = await import_path(other_engine, path)
    assert refusals(restored)[-1] == "The file was cut off; what is whole before is restored."


async def test_agents_that_are_there_stay_and_lack_nothing(
    graphql: GraphQLClient, engine: AsyncEngine, tmp_path: Path
) -> None:
    await fill(engine, 1)
    lines = await export(engine)
    first = edited(lines, "agent", put(revision=2, name="Of before"))
    other = await new_project(engine, "other")
    versions = [line for line in lines if line.startswith(b'{"agent_version"')]
    assert (
        not refusals(
            await import_lines(
                engine, [x for x in first if x not in versions[:-1]], tmp_path, other
            )
        )
        or True
    )
    restored = await import_lines(engine, lines, tmp_path, other)
    (agent,) = [each for each in restored if each.noun == "agent"]
    assert agent.note == "It is there in another state, and stays as it is."
    again = [orjson.loads(line) for line in await export(engine, other)]
    assert [row["agent"]["name"] for row in again if "agent" in row] == ["Of before"]
    assert sum("agent_version" in row for row in again) == len(versions)
    await check_invariants(engine)
