"""`sessiongraph persist`: what is stored, and what is refused."""

import asyncio
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from models import PersistedDocument
from server.commands.persist import persist
from server.operator_error import OperatorError
from server.persisted_documents import hash_document, store_documents

COUNT = "{ sessions { totalCount } }"
TITLES = "query Titles {\r\n  sessions { nodes { title } } # ü\r\n}\r\n"


@pytest.fixture(autouse=True)
def _store(database_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)


def _id(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _write(name: str, content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    Path(name).write_bytes(text.encode())


def _apollo(*operations: Any, **members: Any) -> dict[str, Any]:
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1}
    return {**manifest, "operations": list(operations), **members}


def _operation(text: str) -> dict[str, str]:
    return {"id": _id(text), "name": "Some", "type": "query", "body": text}


async def _stored(engine: AsyncEngine) -> dict[str, str]:
    async with engine.connect() as connection:
        rows = await connection.execute(select(PersistedDocument.hash, PersistedDocument.document))
        return {row.hash.hex(): row.document for row in rows}


async def _persist(*names: str) -> None:
    # which runs a loop of its own
    await asyncio.to_thread(persist, [Path(name) for name in names])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("titles.graphql", TITLES),
        ("titles.gql", TITLES),
        ("relay.json", {_id(TITLES): TITLES}),
        ("codegen.json", {f"sha256:{_id(TITLES)}": TITLES}),
        ("apollo.json", _apollo(_operation(TITLES))),
    ],
)
async def test_a_document_is_stored_to_the_letter(
    name: str, content: Any, engine: AsyncEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(name, content)
    await _persist(name)
    listed = "" if name.endswith(".json") else f"sha256:{_id(TITLES)} {name}\n"
    assert capsys.readouterr().out == f"{listed}1 documents stored; 0 were there already.\n"
    await _persist(name, name)
    assert capsys.readouterr().out.endswith("0 documents stored; 1 were there already.\n")
    assert await _stored(engine) == {_id(TITLES): TITLES}


async def test_files_of_all_kinds_are_stored_together(engine: AsyncEngine) -> None:
    documents = [f"query Q{number} {COUNT}" for number in range(1200)]
    _write("count.graphql", COUNT)
    _write("apollo.json", _apollo(*map(_operation, documents)))
    _write("empty.json", {})
    await _persist("count.graphql", "apollo.json", "empty.json")
    assert await _stored(engine) == {_id(text): text for text in [COUNT, *documents]}


_NO_MANIFEST = "Must be JSON, and a map of documents by their SHA-256"
_NO_HASH = "is not the SHA-256 of its document. Set "


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("bad.txt", COUNT, "bad.txt: Give a .graphql document or a .json manifest."),
        ("bad.graphql", "", "bad.graphql:1:1: Syntax Error"),
        ("bad.graphql", "{\n  sessions {", "bad.graphql:2:13: Syntax Error"),
        ("bad.graphql", "{ nope }", "bad.graphql:1:3: Cannot query field 'nope'"),
        ("bad.graphql", "fragment F on Session { id }", "bad.graphql:1:1: Fragment 'F' is never"),
        ("bad.graphql", "type A { b: Int }", "bad.graphql:1:1: The 'A' definition is not"),
        ("bad.graphql", f"{COUNT} # \x00", "bad.graphql: Must not hold NUL."),
        ("bad.graphql", COUNT + " " * 100_000, "bad.graphql: The document has 100,027 characters"),
        ("bad.json", "{", f"bad.json: {_NO_MANIFEST}"),
        ("bad.json", [COUNT], f"bad.json: {_NO_MANIFEST}"),
        ("bad.json", {_id(COUNT): 1}, f"bad.json: {_NO_MANIFEST}"),
        ("bad.json", {_id(COUNT): {"query": COUNT}}, f"bad.json: {_NO_MANIFEST}"),
        ("bad.json", _apollo(version=2), f"bad.json: {_NO_MANIFEST}"),
        ("bad.json", _apollo({"id": _id(COUNT)}), f"bad.json: {_NO_MANIFEST}"),
        ("bad.json", {_id(COUNT): TITLES}, f"bad.json: The id {_id(COUNT)} {_NO_HASH}"),
        ("bad.json", {_id(COUNT).upper(): COUNT}, _NO_HASH),
        ("bad.json", {"3be4abb81fa595e25eb725b2c6a87508": COUNT}, '"algorithm": "SHA256"'),
        ("bad.json", _apollo({**_operation(COUNT), "body": TITLES}), _NO_HASH),
        ("bad.json", {_id("{ no }"): "{ no }"}, f"bad.json: {_id('{ no }')}:1:3: Cannot query"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_file_is_refused_and_nothing_is_stored(
    name: str, content: Any, refusal: str, engine: AsyncEngine
) -> None:
    _write("good.graphql", TITLES)
    _write(name, content)
    with pytest.raises(OperatorError, match=re.escape(refusal)):
        await _persist("good.graphql", name)
    assert await _stored(engine) == {}


async def test_a_file_that_is_no_text_or_not_there_is_refused(engine: AsyncEngine) -> None:
    Path("latin.graphql").write_bytes(b"{ sessions { totalCount } } # \xfc")
    with pytest.raises(OperatorError, match=r"latin\.graphql: Must be UTF-8\."):
        await _persist("latin.graphql")
    with pytest.raises(OperatorError, match=r"There is no file nowhere\.graphql\."):
        await _persist("nowhere.graphql")
    assert await _stored(engine) == {}


async def test_many_that_store_the_same_at_once_store_it_once(engine: AsyncEngine) -> None:
    documents = [f"query Q{number} {COUNT}" for number in range(200)]

    async def store(documents: list[str]) -> int:
        async with engine.begin() as connection:
            return await store_documents(connection, documents)

    stored = await asyncio.gather(*(store(documents[turn:]) for turn in range(8)))
    assert sum(stored) == len(documents)
    assert set(await _stored(engine)) == {hash_document(text).hex() for text in documents}
