"""Module states as they once were."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import create_session, upsert_state
from tests.graphql_client import GraphQLClient

AS_OF = """query ($id: ID!, $time: DateTime, $revision: Int) { moduleState(id: $id) {
  asOf(time: $time, revision: $revision) {
    revision state createdAt transition { revision newValues createdAt } } } }"""


async def _as_of(graphql: GraphQLClient, state: str, **when: Any) -> Any:
    data = await graphql.execute(AS_OF, id=state, **when)
    return data["moduleState"]["asOf"]


async def _patch(graphql: GraphQLClient, values: Any, **more: Any) -> None:
    await graphql.record(
        "recordStateTransition",
        "replayed",
        session="session",
        moduleId="module",
        newValues=values,
        **more,
    )


@pytest.fixture
async def state(graphql: GraphQLClient) -> str:
    """A state of five revisions, the fourth of which was told with an earlier time."""
    await create_session(graphql)
    at = "2026-01-01T0{}:00:00Z".format
    first = await upsert_state(graphql, {"a": 1, "b": {"c": None}}, createdAt=at(1))
    await _patch(graphql, {"b": {"d": 2}}, createdAt=at(2))
    await upsert_state(graphql, [1], createdAt=at(4))
    await _patch(graphql, {"x": 1, "y": {"z": None}}, createdAt=at(3))
    await _patch(graphql, {"x": None}, createdAt=at(5))
    state: str = first["moduleState"]["id"]
    return state


DOCUMENTS = [
    {"a": 1, "b": {"c": None}},
    {"a": 1, "b": {"c": None, "d": 2}},
    [1],
    {"x": 1, "y": {}},
    {"y": {}},
]


async def test_a_state_as_of_each_revision(graphql: GraphQLClient, state: str) -> None:
    for revision, document in enumerate(DOCUMENTS, start=1):
        found = await _as_of(graphql, state, revision=revision)
        assert (found["revision"], found["state"]) == (revision, document)
        assert found["transition"]["revision"] == revision
        assert found["transition"]["createdAt"] == found["createdAt"]
    for revision in (0, 6, 2**31 - 1):
        assert await _as_of(graphql, state, revision=revision) is None


async def test_a_state_as_of_a_time(graphql: GraphQLClient, state: str) -> None:
    at = "2026-01-01T0{}:00:00Z".format
    assert await _as_of(graphql, state, time="2026-01-01T00:59:59.999999Z") is None
    # revision 4 was told to be of three o'clock, so from then on it is the greatest there is
    for hour, revision in ((1, 1), (2, 2), (3, 4), (4, 4), (5, 5), (9, 5)):
        found = await _as_of(graphql, state, time=at(hour))
        assert (found["revision"], found["state"]) == (revision, DOCUMENTS[revision - 1])


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"time": None, "revision": None},
        {"time": "2026-01-01T00:00:00Z", "revision": 1},
        {"revision": -1},
    ],
)
async def test_one_moment_must_be_given(
    graphql: GraphQLClient, state: str, when: dict[str, Any]
) -> None:
    error = (await graphql.send(AS_OF, id=state, **when)).error
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", "revision")


async def test_a_null_moment_is_none(graphql: GraphQLClient, state: str) -> None:
    assert (await _as_of(graphql, state, time=None, revision=2))["revision"] == 2
    found = await _as_of(graphql, state, time="2026-01-01T02:00:00Z", revision=None)
    assert found["revision"] == 2


KEYS = st.sampled_from(["a", "b", "ä", "\U0001f600", "", "a.b", "A"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(-1e19, 1e19, allow_nan=False),
    st.just(-0.0),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5),
)
VALUES = st.recursive(
    LEAVES,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(KEYS, values, max_size=3),
    max_leaves=8,
)
PATCHES = st.dictionaries(KEYS, VALUES, max_size=3)
CHANGES = st.lists(
    st.tuples(st.just("upsert"), VALUES.filter(lambda value: value is not None))
    | st.tuples(st.just("patch"), PATCHES),
    max_size=8,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(VALUES.filter(lambda value: value is not None), CHANGES)
async def test_every_revision_replays_to_what_was_returned_when_it_was_written(
    graphql: GraphQLClient, engine: AsyncEngine, first: Any, changes: list[tuple[str, Any]]
) -> None:
    await create_session(graphql)
    try:
        written = [(await upsert_state(graphql, first))["moduleState"]]
        for kind, value in changes:
            if kind == "upsert":
                answer = (await upsert_state(graphql, value))["moduleState"]
            else:
                payload = await graphql.record(
                    "recordStateTransition",
                    "moduleState { id revision state }",
                    session="session",
                    moduleId="module",
                    newValues=value,
                )
                answer = payload["moduleState"]
            if answer["revision"] > written[-1]["revision"]:
                written.append(answer)
        fields = " ".join(
            f"r{number}: asOf(revision: {number}) {{ revision state }}"
            for number in range(1, len(written) + 1)
        )
        data = await graphql.execute(
            f"query ($id: ID!) {{ moduleState(id: $id) {{ state {fields} }} }}",
            id=written[0]["id"],
        )
        found = data["moduleState"]
        for number, answer in enumerate(written, start=1):
            replayed = found[f"r{number}"]
            assert replayed["revision"] == answer["revision"] == number
            assert json.dumps(replayed["state"]) == json.dumps(answer["state"])
        assert json.dumps(found["state"]) == json.dumps(written[-1]["state"])
    finally:
        await graphql.record("deleteSession", "replayed", session="session")


async def test_only_the_log_since_the_last_whole_document_is_read(
    graphql: GraphQLClient, engine: AsyncEngine, state: str
) -> None:
    async with engine.begin() as connection:
        # what is not needed may be anything
        await connection.execute(
            text("UPDATE state_transitions SET new_values = '0' WHERE revision IN (1, 2)")
        )
    assert (await _as_of(graphql, state, revision=5))["state"] == DOCUMENTS[4]
    assert (await _as_of(graphql, state, revision=2))["state"] == 0


async def test_another_projects_states_have_no_past(
    graphql: GraphQLClient, other_project: GraphQLClient, state: str
) -> None:
    assert (await _as_of(graphql, state, revision=1)) is not None
    assert await other_project.execute(AS_OF, id=state, revision=1) == {"moduleState": None}
