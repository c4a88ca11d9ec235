"""Searching and writing in particular, and odd input, by HTTP."""

import asyncio
import subprocess

import pytest
from mcp import Client
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.schema_types import CreateMemoryInput

from tests.conftest import Server
from tests.mcp.connections import COMMAND, by_http, call, refusal
from tests.mcp.test_tools import Connection, kinds_of_use


@pytest.fixture
def connection(mcp_url: str, api_key: str) -> Connection:
    """A connection by HTTP."""
    return by_http(mcp_url, api_key)


async def texts(tools: Client, **arguments: object) -> list[str]:
    found = await call(tools, "search_memories", **arguments)
    return [memory["text"] for memory in found["memories"]]


async def test_searches_go_by_each_filter(connection: Connection) -> None:
    async with connection as tools:
        await call(tools, "write_memory", text="Tea at 100%", kind="preference", importance=0.9)
        await call(tools, "write_memory", text="Tea_time is at five", metadata={"a": {"b": 1}})
        await call(tools, "write_memory", text="No tea", memory="old", importance=0.1)
        await call(tools, "write_memory", memory="old", state="ARCHIVED")
        assert await texts(tools, text="TEA") == ["Tea_time is at five", "Tea at 100%"]
        assert await texts(tools, text="five tea") == ["Tea_time is at five"]
        assert await texts(tools, text="0%") == ["Tea at 100%"]
        assert await texts(tools, text="%") == ["Tea at 100%"]
        assert await texts(tools, text="a_t") == ["Tea_time is at five"]
        assert await texts(tools, text="tea coffee") == []
        assert await texts(tools, text=" ".join(map(str, range(30)))) == []
        many = " ".join(map(str, range(31)))
        assert "text: Give 30 words at most." in await refusal(tools, "search_memories", text=many)
        assert await texts(tools, kind="preference") == ["Tea at 100%"]
        assert await texts(tools, metadata={"a": {"b": 1}}) == ["Tea_time is at five"]
        assert await texts(tools, minimum_importance=0.5) == ["Tea at 100%"]
        assert await texts(tools, state="ARCHIVED") == ["No tea"]
        assert len(await texts(tools, state="ANY")) == 3
        by_importance = await texts(tools, state="ANY", order="most_important", limit=1)
        assert by_importance == ["Tea at 100%"]
        assert await texts(tools, state="ANY", order="recently_changed", limit=1) == ["No tea"]


async def test_searches_go_on_where_they_ended(connection: Connection) -> None:
    async with connection as tools:
        for number in range(5):
            await call(tools, "write_memory", text=f"n {number}")
        found, after = [], ""
        for _ in range(3):
            page = await call(tools, "search_memories", text="n", limit=2, after=after)
            found += [memory["text"] for memory in page["memories"]]
            after = page["next"] or ""
        assert found == ["n 4", "n 3", "n 2", "n 1", "n 0"]
        assert after == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        "[1, 2]",
        "null",
        "true",
        "12",
        '"quoted"',
        "  spaces  ",
        "日本語 🎉",
        "x" * 100_000,
    ],
)
async def test_a_text_stays_as_it_is(connection: Connection, text: str) -> None:
    async with connection as tools:
        written = await call(tools, "write_memory", text=text, memory="m")
        assert written["memory"]["text"] == text
        assert (await call(tools, "read_memory", memory="m"))["memory"]["text"] == text
        assert await texts(tools, text=text.strip()[:500]) == [text]


async def test_a_text_that_cannot_be_kept_is_refused(connection: Connection) -> None:
    async with connection as tools:
        assert "NUL characters" in await refusal(tools, "write_memory", text="NUL \0")
        assert await texts(tools) == []


async def test_what_has_structure_is_kept_beside_the_text(
    connection: Connection, client: SessiongraphClient
) -> None:
    async with connection as tools:
        both = await call(tools, "write_memory", memory="m", text="Ada", content={"age": [36]})
        assert (both["memory"]["text"], both["memory"]["content"]) == ("Ada", {"age": [36]})
        same = await call(tools, "write_memory", memory="m", importance=0.5)
        assert (same["memory"]["text"], same["memory"]["content"]) == ("Ada", {"age": [36]})
        data = await call(tools, "write_memory", memory="m", content={"age": [37]})
        assert (data["memory"]["text"], data["memory"]["content"]) == (None, {"age": [37]})
        words: CreateMemoryInput = {"memoryId": "words", "type": "t", "content": "only content"}
        numbers: CreateMemoryInput = {"memoryId": "list", "type": "t", "content": [1, None]}
        await client.record([{"createMemory": words}, {"createMemory": numbers}])
        worded = (await call(tools, "read_memory", memory="words"))["memory"]
        assert (worded["text"], worded["content"]) == ("only content", None)
        listed = (await call(tools, "read_memory", memory="list"))["memory"]
        assert (listed["text"], listed["content"]) == (None, [1, None])


async def test_a_new_memory_takes_the_place_of_another(connection: Connection) -> None:
    async with connection as tools:
        old = await call(tools, "write_memory", text="Ada is 35", memory="age-35")
        relations = [{"memory": "age-35", "relation_type": "SUPERSEDES"}]
        new = await call(tools, "write_memory", text="Ada is 36", relations=relations)
        expected = {
            "memory": new["memory"]["id"],
            "relation_type": "SUPERSEDES",
            "related_memory": old["memory"]["id"],
        }
        for memory, state in ((old, "SUPERSEDED"), (new, "ACTIVE")):
            own_id = memory["memory"]["id"]
            read = await call(tools, "read_memory", memory=own_id, relations=True)
            assert (read["memory"]["state"], read["relations"]) == (state, [expected])
        told = await refusal(tools, "write_memory", memory="age-35", relations=relations)
        assert "Only a new memory" in told


async def test_what_contradicts_a_memory_is_refused(connection: Connection) -> None:
    async with connection as tools:
        await call(tools, "write_memory", text="x", memory="m", kind="preference")
        assert "never changes" in await refusal(tools, "write_memory", memory="m", kind="fact")
        assert "ACTIVE" in await refusal(tools, "write_memory", text="x", state="ARCHIVED")
        assert "no memory" in await refusal(
            tools, "write_memory", text="x", memory="new", expected_revision=1
        )


async def test_writers_of_one_name_at_once_make_one_memory(
    connection: Connection, client: SessiongraphClient
) -> None:
    async with connection as tools:
        written = await asyncio.gather(
            *(call(tools, "write_memory", text=f"{number}", memory="m") for number in range(8))
        )
        assert sum(answer["created"] for answer in written) == 1
        read = await call(tools, "read_memory", memory="m", revisions=True)
        assert read["memory"]["revision"] == 8
        assert {each["text"] for each in [*read["revisions"], read["memory"]]} == set("01234567")
    assert sorted(await kinds_of_use(client, "m")) == ["CREATE", "READ", *7 * ["UPDATE"]]


def run(server: Server, *arguments: str) -> str:
    ran = subprocess.run(
        [COMMAND, *arguments],
        env=server.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


@pytest.fixture
def keys(server: Server) -> dict[str, str]:
    """Keys of one project, by what they may do."""
    run(server, "projects", "create", "scopes")
    make = ("keys", "create", "--project", "scopes", "--name", "test", "--scope")
    return {scope: run(server, *make, scope) for scope in ("read", "record")}


async def test_a_key_that_may_not_record_reads_nothing_unrecorded(
    mcp_url: str, keys: dict[str, str]
) -> None:
    async with by_http(mcp_url, keys["record"]) as tools:
        await call(tools, "write_memory", text="x", memory="m")
    async with by_http(mcp_url, keys["read"]) as tools:
        for tool, arguments in {
            "search_memories": {},
            "read_memory": {"memory": "m"},
            "write_memory": {"text": "y"},
        }.items():
            assert "scope" in await refusal(tools, tool, **arguments)
