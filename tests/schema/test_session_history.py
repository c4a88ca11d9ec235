"""The last messages of a session, with no call torn from its result."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from models import MessageRole
from resolvers.context import Context
from resolvers.message import record_message as record
from resolvers.recording import Recording
from resolvers.session import create_session as create
from resolvers.session_history import MAXIMUM_REACH
from resolvers.transaction import record as run
from tests.factories import create_session, record_message, record_tool_call
from tests.graphql_client import GraphQLClient

HISTORY = """query ($id: ID!, $last: Int!) { session(id: $id) { history(last: $last) {
  sequence role toolCallId toolCalls { nodes { toolCallId } } } } }"""


async def _history(graphql: GraphQLClient, last: int, session: str = "session") -> list[int]:
    data = await graphql.execute(HISTORY, id=session, last=last)
    return [message["sequence"] for message in data["session"]["history"]]


async def _answer(graphql: GraphQLClient, name: str) -> None:
    await record_message(graphql, role="TOOL", toolCallId=name)


async def test_a_history_begins_at_the_message_that_asked(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    assert await _history(graphql, 5) == []
    await record_message(graphql)  # 1
    await record_tool_call(graphql, toolCallId="slow")  # 2
    calls = [{"toolName": "t", "toolCallId": name} for name in ("a", "b")]
    await record_message(graphql, role="ASSISTANT", toolCalls=calls)  # 3
    await _answer(graphql, "a")  # 4
    await _answer(graphql, "b")  # 5
    await record_message(graphql)  # 6
    for last, begin in ((1, 6), (2, 3), (3, 3), (4, 3), (5, 2), (6, 1), (200, 1)):
        assert await _history(graphql, last) == list(range(begin, 7)), last
    await _answer(graphql, "slow")  # 7
    # reaching back for one pair brings in another
    await record_tool_call(graphql, toolCallId="a")  # 8, the second of this name
    await _answer(graphql, "a")  # 9
    for last, begin in ((1, 8), (2, 8), (3, 2), (4, 2), (8, 2), (9, 1)):
        assert await _history(graphql, last) == list(range(begin, 10)), last


async def test_a_result_that_nobody_asked_for_stays(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_message(graphql)
    await _answer(graphql, "nothing")
    await record_message(graphql, role="TOOL")
    for last in (1, 2, 3, 4):
        assert await _history(graphql, last) == [1, 2, 3][-last:]


async def test_a_result_too_far_from_its_call_is_left_out(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_tool_call(graphql)  # 1
    for _ in range(MAXIMUM_REACH):
        await record_message(graphql)
    await _answer(graphql, "call")
    end = MAXIMUM_REACH + 2
    assert await _history(graphql, 2) == list(range(1, end + 1))
    await record_message(graphql)
    assert await _history(graphql, 1) == [end + 1]
    assert await _history(graphql, 2) == [end - 1, end + 1]
    assert await _history(graphql, 3) == list(range(1, end + 2))


@pytest.mark.parametrize("last", [0, -1, 201])
async def test_a_size_out_of_range_is_refused(graphql: GraphQLClient, last: int) -> None:
    await create_session(graphql)
    error = (await graphql.send(HISTORY, id="session", last=last)).error
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", "last")


Said = tuple[str, list[str]]
SAID = st.lists(
    st.one_of(
        st.just(("USER", [])),
        st.tuples(st.just("ASSISTANT"), st.lists(st.sampled_from("abc"), max_size=3)),
        st.tuples(st.just("TOOL"), st.sampled_from([["a"], ["b"], ["c"]])),
    ),
    max_size=12,
)


async def _record(recording: Recording, said: list[list[Said]]) -> dict[str, Any]:
    for number, conversation in enumerate(said):
        await create(recording, session_id=str(number))
        for role, names in conversation:
            calls = [{"tool_name": "t", "tool_call_id": name} for name in names]
            await record(
                recording,
                session=str(number),
                role=MessageRole(role),
                tool_calls=calls if role == "ASSISTANT" else None,
                tool_call_id=names[0] if role == "TOOL" else None,
            )
    return {}


def _shortest_whole(conversation: list[Said], last: int) -> list[int]:
    """What a history must be, found by trying every beginning."""
    asked: dict[str, int] = {}
    pairs = []
    for place, (role, names) in enumerate(conversation, start=1):
        if role == "TOOL" and names[0] in asked:
            pairs.append((asked[names[0]], place))
        if role == "ASSISTANT":
            asked |= dict.fromkeys(names, place)
    begin = max(len(conversation) - last + 1, 1)
    while any(call < begin <= result for call, result in pairs):
        begin -= 1
    return list(range(begin, len(conversation) + 1))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(SAID, min_size=1, max_size=5), st.integers(1, 13))
async def test_no_history_splits_a_pair(
    engine: AsyncEngine, graphql: GraphQLClient, said: list[list[Said]], last: int
) -> None:
    await run(Context(engine, 1), "fill", _record, {"said": said})
    try:
        for number, conversation in enumerate(said):
            expected = _shortest_whole(conversation, last)
            assert await _history(graphql, last, str(number)) == expected
    finally:
        for number in range(len(said)):
            await graphql.record("deleteSession", "replayed", session=str(number))
