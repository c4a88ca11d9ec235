"""The Claude Agent SDK's store: its suite, and the same operations as its own store."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from claude_agent_sdk import (
    InMemorySessionStore,
    SessionKey,
    SessionListSubkeysKey,
    delete_session_via_store,
    fork_session_via_store,
    get_session_info_from_store,
    get_session_messages_from_store,
    get_subagent_messages_from_store,
    list_sessions_from_store,
    list_subagents_from_store,
    project_key_for_directory,
    rename_session_via_store,
    tag_session_via_store,
)
from claude_agent_sdk.testing import run_session_store_conformance
from sessiongraph_client import SessiongraphClient, Unavailable
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore

from tests.claude_transcripts import Entry, Transcript, report, text, use
from tests.conftest import Server, start
from tests.losing_proxy import LosingProxy

ID = "0b8a6ad2-6d5a-4c4e-9f4e-1f0b7d6d1a01"
MAIN: SessionKey = {"project_key": "-home-ada-report", "session_id": ID}
AGENT: SessionKey = {**MAIN, "subpath": "subagents/agent-a1"}
MESSAGES = """query ($session: ID!) {
  session(id: $session) { messages(first: 200) { nodes { role content } } }
}"""


@pytest.fixture
def store(client: SessiongraphClient) -> SessiongraphSessionStore:
    return SessiongraphSessionStore(client)


@pytest.fixture
async def stranger(server: Server) -> AsyncIterator[SessiongraphSessionStore]:
    async with SessiongraphClient(server.url, api_key=server.make_key()) as other:
        yield SessiongraphSessionStore(other)


async def contents(client: SessiongraphClient) -> list[str]:
    data = await client.query(MESSAGES, session=f"-home-ada-report/{ID}")
    return [node["content"] for node in data["session"]["messages"]["nodes"]]


def asked(number: int) -> Entry:
    message = {"role": "user", "content": f"{number}"}
    return {"type": "user", "uuid": str(uuid4()), "message": message}


async def test_the_sdks_suite_finds_nothing(server: Server) -> None:
    clients: list[SessiongraphClient] = []

    def make_store() -> SessiongraphSessionStore:
        clients.append(SessiongraphClient(server.url, api_key=server.make_key()))
        return SessiongraphSessionStore(clients[-1])

    await run_session_store_conformance(make_store)
    assert len(clients) > 14  # one for each contract
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize("seed", range(4))
async def test_any_operations_give_what_the_sdks_own_store_gives(
    store: SessiongraphSessionStore, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    draw = random.Random(seed)  # noqa: S311  # no secret
    own = InMemorySessionStore()
    keys = _keys()
    for _ in range(40):
        key = draw.choice(keys)
        if draw.random() < 0.12:
            await own.delete(key)
            await store.delete(key)
        else:
            entries = [_draw_entry(draw) for _ in range(draw.choice([0, 1, 1, 2, 5]))]
            await own.append(key, entries)
            await store.append(key, entries)
        read = draw.choice(keys)
        assert await store.load(read) == await own.load(read)
    await _compare(own, store, keys)
    assert [record.getMessage() for record in caplog.records] == []  # nothing was left out


def _keys() -> list[SessionKey]:
    keys: list[SessionKey] = []
    for project_key in ("-a", "-a/b", "ü 1", "x" * 700):
        for session_id in ("s", "1"):
            keys.append({"project_key": project_key, "session_id": session_id})
            for subpath in ("subagents/agent-1", "subagents/workflows/run/agent-2", "o?d"):
                keys.append({**keys[-1], "session_id": session_id, "subpath": subpath})
    return keys


async def test_slashes_in_names_keep_sessions_apart(store: SessiongraphSessionStore) -> None:
    names = [("a", "b/c"), ("a/b", "c"), ("a%2Fb", "c"), ("", "a/b/c"), ("a", "b")]
    keys: list[SessionKey] = [{"project_key": one, "session_id": other} for one, other in names]
    keys.append({**keys[-1], "subpath": "c"})
    for number, key in enumerate(keys):
        await store.append(key, [asked(number)])
    loaded: list[Any] = [await store.load(key) for key in keys]
    told = [[entry["message"]["content"] for entry in entries] for entries in loaded]
    assert told == [[f"{number}"] for number in range(len(keys))]
    assert [each["session_id"] for each in await store.list_sessions("a")] == ["b", "b/c"]


_TEXTS = ["", "Hello", "a\nb", "<command-name>/clear</command-name>", "\x00", "\ud800", "x" * 300]


def _draw_json(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(8 if depth < 4 else 6)
    if kind == 6:
        return [_draw_json(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 7:
        return {
            draw.choice([*_TEXTS, "type", "text", "id", "content"]): _draw_json(draw, depth + 1)
            for _ in range(draw.randrange(4))
        }
    numbers = [0, -1, 2**53 + 1, 2**63 - 1, 2**64, 10**40, -(2**63) - 1]
    floats = [0.1, -1e300, 1e22, 5e-324, 1.0]
    one: list[Any] = [None, True, draw.choice(numbers), draw.choice(floats)]
    return draw.choice([*one, draw.choice(_TEXTS), draw.choice(_TEXTS)])


def _draw_block(draw: random.Random) -> Any:
    ids = ["t1", "t2", "t3", "", "\x00", "x" * 600, None, 7]
    made: list[Any] = [
        {"type": "text", "text": draw.choice([*_TEXTS, None, 3])},
        {"type": "thinking", "thinking": "…"},
        {"type": "image", "source": {}},
        {
            "type": draw.choice(["tool_use", "server_tool_use", "mcp_tool_use"]),
            "id": draw.choice(ids),
            "name": draw.choice(["Bash", "AskUserQuestion", "Agent", "", " ", None, "n" * 600]),
            "input": _draw_json(draw),
        },
        {
            "type": draw.choice(["tool_result", "web_search_tool_result"]),
            "tool_use_id": draw.choice(ids),
            "is_error": draw.choice([True, False, None, "yes"]),
            "content": draw.choice([*_TEXTS, _draw_json(draw)]),
        },
        _draw_json(draw),
    ]
    return draw.choice(made)


def _draw_entry(draw: random.Random) -> Entry:
    """Draw an entry as the SDK's command writes it, or anything but that."""
    blocks = [_draw_block(draw) for _ in range(draw.randrange(5))]
    usage = {"input_tokens": draw.choice([1, -1, 2**40, "1", None]), "output_tokens": 3}
    message = {
        "id": draw.choice(["m1", "m2", None, 7, "", "\x00"]),
        "model": draw.choice(["claude", "", None, 1]),
        "content": draw.choice([blocks, blocks, blocks, "Hello", None, 7]),
        "usage": draw.choice([usage, None, []]),
        "stop_reason": draw.choice(["end_turn", None, "", 7]),
    }
    entry: dict[str, Any] = {
        "type": draw.choice(["user", "assistant", "assistant", "system", "tag", "x"]),
        "message": draw.choice([message, message, message, None, "Hello"]),
        "timestamp": draw.choice(["2026-11-22T08:00:00Z", "1001-01-01T00:00:00Z", "then", None]),
        "subtype": draw.choice(["compact_boundary", "", "\x00", None, 7]),
    }
    if draw.random() < 0.3:
        entry[draw.choice(["customTitle", "aiTitle", "summary", "tag", "cwd"])] = draw.choice(
            _TEXTS
        )
    if draw.random() < 0.3:
        decision = {"decision": draw.choice(["accept", "reject"]), "source": "user_temporary"}
        entry["permissionDecision"] = draw.choice([decision, None, "x"])
    if draw.random() < 0.7:
        entry["uuid"] = draw.choice(["", "x" * 600, "\x00", "ü"]) + str(draw.random())
    if draw.random() < 0.2:
        entry["extra"] = _draw_json(draw)
    return entry


async def _compare(
    own: InMemorySessionStore, store: SessiongraphSessionStore, keys: list[SessionKey]
) -> None:
    for key in keys:
        assert await store.load(key) == await own.load(key)
        session: SessionListSubkeysKey = {
            "project_key": key["project_key"],
            "session_id": key["session_id"],
        }
        assert sorted(await store.list_subkeys(session)) == sorted(await own.list_subkeys(session))
    for project_key in {key["project_key"] for key in keys}:
        listed = await store.list_sessions(project_key)
        expected = {key["session_id"] for key in keys if key["project_key"] == project_key}
        expected &= {each["session_id"] for each in await own.list_sessions(project_key)}
        assert {each["session_id"] for each in listed} == expected
        assert {
            each["session_id"]: each["data"]
            for each in await store.list_session_summaries(project_key)
        } == {
            each["session_id"]: each["data"]
            for each in await own.list_session_summaries(project_key)
        }
        assert {each["session_id"]: each["mtime"] for each in listed} == {
            each["session_id"]: each["mtime"]
            for each in await store.list_session_summaries(project_key)
        }


async def test_the_sdks_readers_give_what_they_give_of_its_own_store(
    store: SessiongraphSessionStore, tmp_path: Path
) -> None:
    own = InMemorySessionStore()
    directory = str(tmp_path)
    key: SessionKey = {"project_key": project_key_for_directory(directory), "session_id": ID}
    main, agent = report(ID)
    for each in (own, store):
        await each.append(key, main)
        await each.append({**key, "subpath": "subagents/agent-a1"}, agent)
        await rename_session_via_store(each, ID, "Renamed", directory)
        await tag_session_via_store(each, ID, "tagged", directory)

    async def read(each: Any) -> list[Any]:
        infos = await list_sessions_from_store(each, directory)
        info = await get_session_info_from_store(each, ID, directory)
        assert info is not None
        return [
            [(info.session_id, info.summary, info.custom_title, info.tag) for info in infos],
            (info.summary, info.tag, info.first_prompt, info.created_at),
            await get_session_messages_from_store(each, ID, directory),
            await list_subagents_from_store(each, ID, directory),
            await get_subagent_messages_from_store(each, ID, "a1", directory),
        ]

    assert await read(store) == await read(own)
    forked = await fork_session_via_store(store, ID, directory)
    messages = await get_session_messages_from_store(store, forked.session_id, directory)
    assert len(messages) == len(await get_session_messages_from_store(store, ID, directory))
    await delete_session_via_store(store, ID, directory)
    assert await get_session_messages_from_store(store, ID, directory) == []
    assert await list_subagents_from_store(store, ID, directory) == []
    left = await list_sessions_from_store(store, directory)
    assert [info.session_id for info in left] == [forked.session_id]


async def test_a_fork_tells_the_messages_again_but_not_their_tokens(
    client: SessiongraphClient, store: SessiongraphSessionStore, tmp_path: Path
) -> None:
    directory = str(tmp_path)
    key: SessionKey = {"project_key": project_key_for_directory(directory), "session_id": ID}
    await store.append(key, report(ID)[0])
    forked = await fork_session_via_store(store, ID, directory)
    tokens = "query ($s: ID!) { session(id: $s) { messageCount inputTokens title metadata } }"
    name = f"{key['project_key']}/{forked.session_id}"
    seen = (await client.query(tokens, s=name))["session"]
    assert (seen["messageCount"], seen["inputTokens"]) == (11, 0)
    assert seen["title"] == "The yearly report (fork)"
    assert seen["metadata"]["forkedFrom"] == ID


async def test_an_entry_with_the_same_uuid_is_kept_once(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    first, second, third = asked(1), asked(2), asked(3)
    await store.append(MAIN, [first, second, second])
    changed: Entry = {**first, "changed": True}
    await store.append(MAIN, [second, changed, third])
    assert await store.load(MAIN) == [first, second, third]
    assert await contents(client) == ["1", "2", "3"]


async def test_equal_entries_without_a_uuid_stay_two(store: SessiongraphSessionStore) -> None:
    mark: Entry = {"type": "tag", "tag": "x"}
    await store.append(MAIN, [mark, mark])
    await store.append(MAIN, [mark])
    assert await store.load(MAIN) == [mark, mark, mark]


async def test_a_long_session_comes_in_a_few_requests_and_goes_in_pages(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    for number in range(600):
        transcript.ask(f"{number} " + "x" * 2_000)
        transcript.respond(text(f"{number}"))
    await store.append(MAIN, transcript.entries)
    assert await store.load(MAIN) == transcript.entries
    session = (
        await client.query(
            "query ($s: ID!) { session(id: $s) { messageCount inputTokens } }",
            s=f"-home-ada-report/{ID}",
        )
    )["session"]
    assert session == {"messageCount": 1_200, "inputTokens": 600 * 115}


@pytest.mark.parametrize("letter", ["x", "ü", '"', "\x00", "\U0001f600"])
async def test_an_entry_may_be_very_large(
    client: SessiongraphClient, store: SessiongraphSessionStore, letter: str
) -> None:
    entries = [asked(0), *(asked(number) for number in (1, 2))]
    for size, entry in zip((3_000_000, 12_000_000), entries[1:], strict=True):
        entry["message"]["content"] = letter * (size // len(f"{letter!a}"))
    await store.append(MAIN, entries)
    assert await store.load(MAIN) == entries
    assert len(await contents(client)) == 3


async def test_many_blocks_in_one_entry_are_kept(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    calls = [use(f"toolu_{number}", "Bash", n=number) for number in range(1_200)]
    transcript.add("assistant", message={"id": "m", "content": calls})
    results = [
        {"type": "tool_result", "tool_use_id": call["id"], "content": "ok"} for call in calls
    ]
    transcript.ask(results)
    await store.append(MAIN, transcript.entries)
    assert await store.load(MAIN) == transcript.entries
    assert (await contents(client))[1] == "ok"


async def test_writers_at_once_lose_and_double_nothing(
    client: SessiongraphClient, server: Server, api_key: str
) -> None:
    async def write(number: int) -> None:
        async with SessiongraphClient(server.url, api_key=api_key) as own:
            store = SessiongraphSessionStore(own)
            for each in range(5):
                await store.append(MAIN, [asked(10 * number + each)])
                await store.append(AGENT, [asked(10 * number + each)])

    await asyncio.gather(*(write(number) for number in range(4)))
    store = SessiongraphSessionStore(client)
    expected = [f"{10 * number + each}" for number in range(4) for each in range(5)]
    for key in (MAIN, AGENT):
        loaded: list[Any] = await store.load(key) or []
        told = [entry["message"]["content"] for entry in loaded]
        assert sorted(told) == sorted(expected)
        for number in range(4):  # each writer's entries are in its order
            own = [each for each in told if int(each) // 10 == number]
            assert own == sorted(own)
    assert sorted(await contents(client)) == sorted(expected)


async def test_another_project_sees_nothing(
    store: SessiongraphSessionStore, stranger: SessiongraphSessionStore
) -> None:
    main, agent = report(ID)
    await store.append(MAIN, main)
    await store.append(AGENT, agent)
    assert await stranger.load(MAIN) is None
    assert await stranger.list_sessions(MAIN["project_key"]) == []
    assert await stranger.list_session_summaries(MAIN["project_key"]) == []
    assert await stranger.list_subkeys({"project_key": "-home-ada-report", "session_id": ID}) == []
    await stranger.delete(MAIN)
    await stranger.append(MAIN, [asked(1)])
    assert await store.load(MAIN) == main
    assert await store.load(AGENT) == agent


async def test_an_append_whose_answer_was_lost_is_tried_again_without_doubling(
    server: Server, api_key: str
) -> None:
    mark: Entry = {"type": "tag", "tag": "x"}
    async with (
        LosingProxy.start(server.url) as proxy,
        SessiongraphClient(proxy.url, api_key=api_key, retry_seconds=0) as client,
    ):
        store = SessiongraphSessionStore(client)
        await store.append(MAIN, [asked(0)])
        batch = [mark, asked(1), mark]
        proxy.lost = "recordBatch"
        with pytest.raises(Unavailable):
            await store.append(MAIN, batch)
        proxy.lost = "transcript:"
        with pytest.raises(Unavailable):
            await store.append(MAIN, batch)
        proxy.lost = None
        await store.append(MAIN, batch)
        await store.append(MAIN, [mark])
        loaded: list[Any] = await store.load(MAIN) or []
        assert loaded[1:] == [*batch, mark]
        assert await contents(client) == ["0", "1"]


async def test_a_restart_of_the_server_loses_and_doubles_nothing(own_server: Server) -> None:
    port = int(own_server.url.rpartition(":")[2])
    written: list[Entry] = []
    stopped = asyncio.Event()
    begun = asyncio.Event()

    async def write(store: SessiongraphSessionStore) -> None:
        while not stopped.is_set():
            entry, mark = asked(len(written)), {"type": "tag", "tag": "x"}
            await store.append(MAIN, [entry, cast("Entry", mark)])
            written.append(entry)
            begun.set()

    async with SessiongraphClient(own_server.url) as client:
        store = SessiongraphSessionStore(client)
        writing = asyncio.create_task(write(store))
        await begun.wait()
        own_server.kill()
        restarted = await asyncio.to_thread(start, own_server.environment, port)
        own_server.process = restarted.process
        stopped.set()
        await writing
        loaded: list[Any] = await store.load(MAIN) or []
        assert loaded[::2] == written
        assert len(loaded) == 2 * len(written)
        assert await contents(client) == [f"{number}" for number in range(len(written))][:200]
