"""The OpenAI Agents SDK's session against the SDK's own, by operations and by runs."""

import asyncio
import json
from random import Random
from typing import Any

import pytest
from agents import SQLiteSession
from agents.extensions.memory import EncryptedSession
from agents.memory import Session, SessionSettings
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.openai_agents import SessiongraphSession

from tests.conftest import Server, start
from tests.openai_agents_runs import look

ODD_ITEMS: list[Any] = [
    {"role": "user", "content": "with a NUL \0 in it"},
    {"role": "user", "content": "a lone surrogate \ud800"},
    {"role": "user", "content": ""},
    {"role": "user", "content": []},
    {"role": "user", "content": None},
    {"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}, 7, None, "x"]},
    {"role": "nobody", "content": "an unknown role"},
    {"role": ["user"], "content": {"text": "no list"}},
    {"type": "a_type_of_tomorrow", "content": float("nan")},
    {"type": ["list"]},
    {"type": "function_call", "call_id": "odd-1", "name": "f", "arguments": "{no JSON"},
    {"type": "function_call", "call_id": "odd-1", "name": "f", "arguments": '{"a": NaN}'},
    {"type": "function_call", "call_id": "", "name": "", "arguments": '"\\u0000"'},
    {"type": "function_call"},
    {"type": "function_call", "call_id": "x" * 600, "name": "y" * 600, "arguments": "{}"},
    {"type": "function_call_output", "call_id": "of no call", "output": "nothing"},
    {"type": "function_call_output", "call_id": "odd-1", "output": ["\ud800"]},
    {"type": "function_call_output", "call_id": "odd-1", "output": '{"assistant": "Nobody"}'},
    {"type": "function_call_output", "output": None},
    {"type": "web_search_call", "id": "w", "status": "failed", "action": {"q": float("inf")}},
    {
        "type": "mcp_call",
        "id": "m",
        "name": "ask",
        "arguments": "{}",
        "output": None,
        "error": "no",
    },
    {"type": "mcp_approval_request", "id": "r", "name": "ask", "arguments": "{}"},
    {"type": "mcp_approval_response", "approval_request_id": "r", "approve": True},
    {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "…"},
    {"type": "item_reference", "id": "x"},
    {"number": 10**400, "small": -0.0, "exact": 0.1, "one": 1.0, "none": None},
    {"great": 2**63, "least": -(2**63) - 1, "\ud800": "\0", "most": 1.7976931348623157e308},
    {},
    [],
    "a text",
    17,
    None,
    True,
]


def deep(levels: int) -> Any:
    item: Any = "bottom"
    for _ in range(levels):
        item = {"in": item}
    return {"role": "user", "content": "deep", "extra": item}


def user(content: Any) -> Any:
    return {"role": "user", "content": content}


async def contents_of(session: Session) -> list[Any]:
    items: list[Any] = await session.get_items()
    return [item["content"] for item in items]


async def both(
    client: SessiongraphClient, name: str = "s", **settings: Any
) -> tuple[Session, Session]:
    return SessiongraphSession(name, client, **settings), SQLiteSession(name, **settings)


@pytest.mark.parametrize(
    "item", [*ODD_ITEMS, deep(80), deep(300)], ids=lambda item: repr(item)[:50]
)
async def test_an_odd_item_comes_back_as_it_does_from_sqlite(
    client: SessiongraphClient, item: Any
) -> None:
    ours, theirs = await both(client)
    for session in (ours, theirs):
        await session.add_items([{"role": "user", "content": "before"}, item])
    assert json.dumps(await ours.get_items()) == json.dumps(await theirs.get_items())
    assert json.dumps(await ours.pop_item()) == json.dumps(await theirs.pop_item())
    assert await ours.get_items() == await theirs.get_items()
    seen = await look(client, "s")
    assert [message["content"] for message in seen["messages"]["nodes"]] == ["before"]


async def test_all_odd_items_together(client: SessiongraphClient) -> None:
    ours, theirs = await both(client)
    for session in (ours, theirs):
        await session.add_items(ODD_ITEMS)
    assert json.dumps(await ours.get_items()) == json.dumps(await theirs.get_items())


def draw_item(random: Random, number: int) -> Any:
    call = f"call-{random.randrange(5)}"
    return random.choice(
        [
            {"role": "user", "content": f"user {number}"},
            {"role": "assistant", "content": [{"type": "output_text", "text": f"said {number}"}]},
            {"type": "function_call", "call_id": call, "name": "transfer_to_b", "arguments": "{}"},
            {"type": "function_call_output", "call_id": call, "output": f"result {number}"},
            {"type": "function_call_output", "call_id": call, "output": '{"assistant": "b"}'},
            {"type": "reasoning", "id": f"r{number}", "summary": []},
            random.choice(ODD_ITEMS),
        ]
    )


@pytest.mark.parametrize("seed", range(6))
async def test_any_operations_give_what_sqlite_gives(client: SessiongraphClient, seed: int) -> None:
    random = Random(seed)  # noqa: S311  repeats the operations
    ours, theirs = await both(client, session_settings=random.choice([None, SessionSettings(3)]))
    for number in range(40):
        operation = random.choices(("add", "get", "pop", "clear", "again"), (5, 4, 4, 0.5, 1))[0]
        given: list[Any] = [None, None]
        if operation == "add":
            items = [draw_item(random, number) for _ in range(random.randrange(5))]
            for session in (ours, theirs):
                await session.add_items(items)
        elif operation == "get":
            limit = random.choice([None, -1, 0, 1, 2, 5, 1000])
            given = [await session.get_items(limit) for session in (ours, theirs)]
        elif operation == "pop":
            given = [await session.pop_item() for session in (ours, theirs)]
        elif operation == "clear":
            for session in (ours, theirs):
                await session.clear_session()
        else:
            ours = SessiongraphSession("s", client, session_settings=ours.session_settings)
        assert json.dumps(given[0]) == json.dumps(given[1]), operation
    assert json.dumps(await ours.get_items(-1)) == json.dumps(await theirs.get_items(-1))


async def test_a_long_history_is_read_in_pages(client: SessiongraphClient) -> None:
    ours, theirs = await both(client)
    items: list[Any] = [{"role": "user", "content": f"{number}"} for number in range(702)]
    for session in (ours, theirs):
        await session.add_items(items)
    for limit in (None, 1, 199, 200, 201, 400, 401, 701, 702, 703):
        assert await ours.get_items(limit) == await theirs.get_items(limit), limit


async def test_what_is_no_json_is_refused_as_by_sqlite(client: SessiongraphClient) -> None:
    for session in await both(client):
        with pytest.raises(TypeError):
            await session.add_items([user(object())])
        assert await session.get_items() == []


async def test_an_item_may_be_very_large(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    contents = ["x" * 12_000_000, "short", "y" * 4_100_000, "\u4e00" * 2_600_000, "\0" * 900_000]
    await session.add_items([user(content) for content in contents])
    assert await contents_of(session) == contents
    seen = [message["content"] for message in (await look(client, "s"))["messages"]["nodes"]]
    assert [len(content) for content in seen] == [1_000_000, 5, *[1_000_000] * 2, 900_000]
    for content in reversed(contents):
        assert await session.pop_item() == user(content)
    left = 'query { session(id: "s") { items(first: 1) { totalCount } } }'
    assert (await client.query(left))["session"]["items"]["totalCount"] == 0


async def test_a_part_of_a_history_without_items_before_it_is_read(
    client: SessiongraphClient,
) -> None:
    session = SessiongraphSession("s", client)
    await session.add_items([user("x" * 4_000_000), user("last")])
    assert await session.get_items(1) == [user("last")]
    await session.clear_session()
    assert await session.get_items() == []


async def test_large_items_are_stored_together(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    await session.add_items([{"role": "user", "content": f"{n}" * 1_000_000} for n in range(9)])
    assert [content[0] for content in await contents_of(session)] == list("012345678")


async def test_items_that_are_too_large_for_one_answer_are_read(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    for number in range(8):
        await session.add_items([user(f"{number}" * 7_000_000)])
    assert [content[0] for content in await contents_of(session)] == list("01234567")


async def test_a_session_that_is_there_is_used_and_one_deleted_is_made_again(
    client: SessiongraphClient,
) -> None:
    await client.record([{"createSession": {"sessionId": "s", "title": "Mine"}}])
    session = SessiongraphSession("s", client, agent="helper", user_id="ann")
    await session.add_items([{"role": "user", "content": "1"}])
    delete = "mutation($input: DeleteSessionInput!) { deleteSession(input: $input) { replayed } }"
    await client.mutate(delete, session="s")
    await session.add_items([{"role": "user", "content": "2"}])
    assert await session.get_items() == [{"role": "user", "content": "2"}]
    assert (await look(client, "s"))["agent"] == {"agentId": "helper"}


async def test_two_sessions_write_at_once(client: SessiongraphClient) -> None:
    async def write(writer: int) -> None:
        session = SessiongraphSession("s", client)
        for number in range(10):
            await session.add_items(
                [{"role": "user", "content": f"{writer}.{number}.{part}"} for part in range(3)]
            )

    await asyncio.gather(write(0), write(1), write(2))
    contents = await contents_of(SessiongraphSession("s", client))
    assert len(contents) == 90
    for first in range(0, 90, 3):  # what one call adds stands together
        assert len({content.rpartition(".")[0] for content in contents[first : first + 3]}) == 1
    for writer in "012":
        own = [content for content in contents if content[0] == writer]
        assert own == [f"{writer}.{number}.{part}" for number in range(10) for part in range(3)]


async def test_of_many_who_pop_each_gets_another_item(client: SessiongraphClient) -> None:
    session = SessiongraphSession("s", client)
    await session.add_items([{"role": "user", "content": f"{number}"} for number in range(20)])

    async def pop_all() -> list[Any]:
        popper = SessiongraphSession("s", client)
        popped: list[Any] = []
        while item := await popper.pop_item():
            popped.append(item.get("content"))
        return popped

    popped = await asyncio.gather(pop_all(), pop_all(), pop_all())
    assert sorted(int(content) for each in popped for content in each) == list(range(20))
    assert all(each == sorted(each, key=int, reverse=True) for each in popped)
    assert (await look(client, "s"))["messages"]["nodes"] == []


async def test_a_restart_of_the_server_loses_and_doubles_nothing(own_server: Server) -> None:
    port = int(own_server.url.rpartition(":")[2])
    async with SessiongraphClient(own_server.url) as client:
        session = SessiongraphSession("s", client)
        theirs = SQLiteSession("s")
        stopped = asyncio.Event()

        async def work() -> None:
            random = Random(1)  # noqa: S311  repeats the operations
            number = 0
            while not stopped.is_set():
                number += 1
                if random.random() < 0.7:
                    item: Any = {"role": "user", "content": f"{number}"}
                    for each in (session, theirs):
                        await each.add_items([item])
                else:
                    assert await session.pop_item() == await theirs.pop_item()

        working = asyncio.create_task(work())
        for _ in range(2):
            await asyncio.to_thread(own_server.kill)
            own_server.process = (
                await asyncio.to_thread(start, own_server.environment, port)
            ).process
        stopped.set()
        await working
        assert await session.get_items() == await theirs.get_items()
        messages = (await look(client, "s"))["messages"]["nodes"]
        assert [node["content"] for node in messages] == (await contents_of(theirs))[:200]


async def test_a_key_of_another_project_gets_nothing(
    server: Server, client: SessiongraphClient
) -> None:
    await SessiongraphSession("s", client).add_items([{"role": "user", "content": "secret"}])
    async with SessiongraphClient(server.url, api_key=server.make_key()) as stranger:
        theirs = SessiongraphSession("s", stranger)
        assert await theirs.get_items() == []
        assert await theirs.pop_item() is None
        await theirs.clear_session()
    assert len(await SessiongraphSession("s", client).get_items()) == 1


async def test_it_can_be_under_the_sdks_encryption(client: SessiongraphClient) -> None:
    kept = []
    for underlying in await both(client):
        session = EncryptedSession("s", underlying, encryption_key="a key")  # type: ignore[arg-type]
        await session.add_items([user("secret"), user("more")])
        kept.append([await session.pop_item(), await session.get_items()])
    assert kept[0] == kept[1] == [user("more"), [user("secret")]]
    seen = await look(client, "s")
    assert seen["messages"]["nodes"] == []
    assert "secret" not in json.dumps(seen["items"])
