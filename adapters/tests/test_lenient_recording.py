"""Recording what is required, and what is told beside it if it can be."""

from typing import Any

import pytest
from sessiongraph_client import Conflict, InvalidInput, Limited, NotFound, SessiongraphClient
from sessiongraph_client.lenient_recording import divide, record_leniently
from sessiongraph_client.schema_types import BatchRecordInput

_SEEN = """query { session(id: "s") {
  items(first: 200) { totalCount nodes { key } }
  messages(first: 200) { totalCount nodes { content } }
} }"""
SESSION: BatchRecordInput = {"createSession": {"sessionId": "s"}}


def put(key: str, value: Any = 1) -> BatchRecordInput:
    return {
        "putSessionItem": {
            "session": "s",
            "collection": "c",
            "key": key,
            "value": value,
            "expectedRevision": 0,
        }
    }


def said(content: str, session: str = "s") -> BatchRecordInput:
    return {"recordMessage": {"session": session, "role": "USER", "content": content}}


async def seen(client: SessiongraphClient) -> tuple[list[str], list[str]]:
    session = (await client.query(_SEEN))["session"]
    return (
        [node["key"] for node in session["items"]["nodes"]],
        [node["content"] for node in session["messages"]["nodes"]],
    )


async def test_all_is_recorded_where_nothing_is_refused(
    client: SessiongraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    await record_leniently(client, [SESSION, put("a")], [said("1"), said("2")])
    await record_leniently(client, [], [said("3")])
    await record_leniently(client, [], [])
    assert await seen(client) == (["a"], ["1", "2", "3"])
    assert caplog.records == []


async def test_what_is_refused_of_the_told_is_left_out_and_logged(
    client: SessiongraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    told = [said("1"), said("2", "nowhere"), said("3"), said("\0"), said("5")]
    await record_leniently(client, [SESSION, put("a")], told)
    keys, contents = await seen(client)
    assert (keys, contents) == (["a"], ["1", "3", None, "5"])
    logged = [record.getMessage().partition(" is left out")[0] for record in caplog.records]
    assert sorted(logged) == ["content of recordMessage", "recordMessage"]


async def test_an_agent_that_is_there_already_is_no_news(
    client: SessiongraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    await client.record([{"createAgent": {"agentId": "a", "name": "First"}}])
    await record_leniently(client, [SESSION], [{"createAgent": {"agentId": "a", "name": "B"}}])
    assert caplog.records == []


async def test_of_very_many_that_are_refused_the_rest_goes_at_once(
    client: SessiongraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    told = [said(f"{number}", "nowhere") for number in range(500)]
    await record_leniently(client, [SESSION, put("a")], told)
    assert await seen(client) == (["a"], [])
    assert caplog.records[-1].getMessage() == "480 records are left out: too many were refused"


@pytest.mark.parametrize(
    ("required", "error"),
    [
        ([put("a"), put("\0")], InvalidInput),
        ([put("a"), put("a")], Conflict),
        ([put("a"), said("1", "nowhere")], NotFound),
    ],
)
async def test_what_is_refused_of_the_required_is_raised_and_nothing_recorded(
    client: SessiongraphClient, required: list[BatchRecordInput], error: type[Exception]
) -> None:
    await client.record([SESSION])
    with pytest.raises(error):
        await record_leniently(client, required, [said("1"), said("2", "nowhere")])
    assert await seen(client) == ([], [])


async def test_more_than_a_request_takes_follows(client: SessiongraphClient) -> None:
    required = [SESSION, *(put(f"{number}") for number in range(1500))]
    await record_leniently(client, required, [said(f"{number}") for number in range(1200)])
    session = (await client.query(_SEEN))["session"]
    assert (session["items"]["totalCount"], session["messages"]["totalCount"]) == (1500, 1200)


async def test_what_is_required_last_stands_together(client: SessiongraphClient) -> None:
    first = [SESSION, *(put(f"{number}") for number in range(1500))]
    with pytest.raises(NotFound):
        await record_leniently(client, [*first, said("1", "nowhere")], [said("2")])
    keys = (await seen(client))[0]
    assert keys == [f"{number}" for number in range(200)]
    session = (await client.query(_SEEN))["session"]
    assert session["items"]["totalCount"] == 501  # which fill no request with the last ones


async def test_large_records_are_divided(client: SessiongraphClient) -> None:
    required = [SESSION, *(put(f"{number}", "x" * 3_000_000) for number in range(4))]
    await record_leniently(client, required, [said(f"{n}" * 3_000_000) for n in range(4)])
    session = (await client.query(_SEEN))["session"]
    assert (session["items"]["totalCount"], session["messages"]["totalCount"]) == (4, 4)


async def test_a_told_record_that_no_request_takes_is_left_out(
    client: SessiongraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    await record_leniently(client, [SESSION, put("a")], [said("x" * 11_000_000), said("2")])
    assert await seen(client) == (["a"], ["2"])
    assert "1 records are left out" in caplog.text


async def test_a_required_record_that_no_request_takes_is_raised(
    client: SessiongraphClient,
) -> None:
    await client.record([SESSION])
    with pytest.raises(Limited):
        await record_leniently(client, [put("a", "x" * 11_000_000)], [said("1")])


def test_records_are_divided_by_count_and_size() -> None:
    small, large = said("1"), said("x" * 5_000_000)
    assert [len(each) for each in divide([small] * 2001)] == [1000, 1000, 1]
    assert [len(each) for each in divide([small] * 1001, beside=[small] * 400)] == [600, 401]
    assert [len(each) for each in divide([large, small, large], beside=[large])] == [0, 2, 1]
    assert divide([]) == [[]]
