"""The buffer against a real server."""

import asyncio
import logging

import pytest
from sessiongraph_client import RecordBuffer, SessiongraphClient

from tests.test_client import read, said


async def test_what_was_taken_is_there_after_a_flush(client: SessiongraphClient) -> None:
    async with RecordBuffer(client) as buffer:
        await buffer.put([{"createSession": {"sessionId": "s"}}, said("s", "first")])
        await buffer.put([said("s", "second")])
        await buffer.flush()
        assert await read(client, "s") == ["first", "second"]
        await buffer.put([said("s", "third")])
    assert await read(client, "s") == ["first", "second", "third"]


async def test_a_full_buffer_has_its_writer_wait(client: SessiongraphClient) -> None:
    async with RecordBuffer(client, capacity=10) as buffer:
        await buffer.put([{"createSession": {"sessionId": "s"}}])
        await asyncio.wait_for(buffer.put([said("s", f"{number}") for number in range(100)]), 60)
    assert await read(client, "s") == [f"{number}" for number in range(100)]


async def test_a_refused_record_is_told_and_holds_up_no_other(
    client: SessiongraphClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        async with RecordBuffer(client) as buffer:
            await buffer.put([{"createSession": {"sessionId": "s"}}, said("nowhere", "first")])
            await buffer.put([said("s", "second")])
    assert await read(client, "s") == ["second"]
    assert "recordMessage was refused" in caplog.text


async def test_a_key_that_is_not_good_is_told(
    server_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with SessiongraphClient(server_url, api_key="sg_nothing") as client:
        with caplog.at_level(logging.ERROR):
            async with RecordBuffer(client) as buffer:
                await buffer.put([{"createSession": {"sessionId": "s"}}])
    assert "1 records were refused" in caplog.text
