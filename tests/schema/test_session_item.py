"""Session items over the API: what a framework keeps of its own, verbatim."""

import asyncio
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import create_session, event_types, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import count_rows, digest_rows
from tests.statements import recorded_statements

ITEM = "sessionItem { id collection key sequence value metadata revision createdAt updatedAt }"
PUT = f"changed replayed {ITEM}"
KEY = {"session": "session", "collection": "c", "key": "k"}


async def put(graphql: GraphQLClient, **values: Any) -> dict[str, Any]:
    """Put an item; the payload's item with `changed`."""
    payload = await graphql.record("putSessionItem", PUT, **{**KEY, "value": 1, **values})
    item: dict[str, Any] = payload["sessionItem"] | {"changed": payload["changed"]}
    return item


async def items(graphql: GraphQLClient, session: str = "session", **arguments: Any) -> list[Any]:
    """The items of a session, first of which are `first`."""
    data = await graphql.execute(
        """query ($id: ID!, $first: Int, $last: Int, $filter: SessionItemFilter,
            $orderBy: SessionItemOrder) {
          session(id: $id) { items(first: $first, last: $last, filter: $filter, orderBy: $orderBy) {
            nodes { collection key sequence value metadata revision }
        } } }""",
        id=session,
        **arguments,
    )
    nodes: list[Any] = data["session"]["items"]["nodes"]
    return nodes


async def keys(graphql: GraphQLClient, **arguments: Any) -> list[str]:
    return [item["key"] for item in await items(graphql, **arguments)]


async def test_an_item_is_put_and_read(graphql: GraphQLClient) -> None:
    session = await create_session(graphql)
    put_item = await put(graphql, value={"a": 1}, metadata={"step": 1})
    assert put_item["changed"]
    assert put_item["createdAt"] == put_item["updatedAt"]
    data = await graphql.execute(
        """query ($id: ID!) {
          sessionItem(id: $id) { collection key sequence value metadata revision session { id } }
          node(id: $id) { id __typename }
          session(id: "session") { items { totalCount nodes { id } } }
          sessionItems { totalCount nodes { id } } }""",
        id=put_item["id"],
    )
    assert data["sessionItem"] == {
        "collection": "c",
        "key": "k",
        "sequence": 1,
        "value": {"a": 1},
        "metadata": {"step": 1},
        "revision": 1,
        "session": {"id": session["id"]},
    }
    assert data["node"] == {"id": put_item["id"], "__typename": "SessionItem"}
    assert put_item["id"].startswith("session_item_")
    assert data["session"]["items"] == {"totalCount": 1, "nodes": [{"id": put_item["id"]}]}
    assert data["sessionItems"] == data["session"]["items"]


async def test_the_same_again_changes_nothing(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    values = {"value": {"b": 1.0, "a": [None]}, "metadata": {"n": 1e16, "b": [True, "ü"]}}
    first = await put(graphql, **values)
    before = await digest_rows(engine)
    assert await put(graphql, **values) == {**first, "changed": False}
    assert await digest_rows(engine) == before


@pytest.mark.parametrize(
    "other",
    [
        {"value": {"a": 2, "b": 1}},
        {"value": {"b": 1, "a": 2.0}},
        {"metadata": {"m": 1}},
        {"metadata": {"m": True, "n": 1}},
        {"metadata": {}},
    ],
)
async def test_another_document_takes_its_place(
    graphql: GraphQLClient, other: dict[str, Any]
) -> None:
    """Another order of keys is another document: it comes back as it was put."""
    await create_session(graphql)
    values = {"value": {"b": 1, "a": 2}, "metadata": {"m": True}}
    first = await put(graphql, **values)
    await put(graphql, key="another")
    second = await put(graphql, **{**values, **other})
    assert second["changed"]
    assert second["id"] == first["id"]
    assert (second["sequence"], second["revision"]) == (1, 2)
    assert second["createdAt"] == first["createdAt"] < second["updatedAt"]
    stored = (await items(graphql, filter={"key": {"eq": "k"}}))[0]
    assert orjson.dumps(stored["value"]) == orjson.dumps({**values, **other}["value"])
    assert stored["metadata"] == {**values, **other}["metadata"]


async def test_metadata_left_out_is_empty(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await put(graphql, metadata={"a": 1})
    assert (await put(graphql))["metadata"] == {}
    await put(graphql, metadata={"a": 1})
    assert (await put(graphql, metadata=None))["metadata"] == {}


async def test_what_is_there_can_be_kept(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    first = await put(graphql, value="first", ifExists="KEEP")
    before = await digest_rows(engine)
    assert first["changed"]
    second = await put(graphql, value="second", metadata={"a": 1}, ifExists="KEEP")
    assert second == {**first, "changed": False}
    assert await digest_rows(engine) == before


async def test_an_expected_revision_that_is_not_there_is_refused(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    values = {**KEY, "value": "v"}
    await _refused(graphql, engine, {**values, "expectedRevision": 1}, current=0)
    await put(graphql, value=0, expectedRevision=0)
    await _refused(graphql, engine, {**values, "expectedRevision": 0}, current=1)
    await _refused(graphql, engine, {**values, "expectedRevision": 2}, current=1)
    await _refused(
        graphql, engine, {**values, "expectedRevision": 2, "ifExists": "KEEP"}, current=1
    )
    assert (await put(graphql, value="v", expectedRevision=1))["revision"] == 2


async def _refused(
    graphql: GraphQLClient, engine: AsyncEngine, values: dict[str, Any], *, current: int
) -> None:
    before = await digest_rows(engine)
    error = (await graphql.mutate("putSessionItem", PUT, **values)).error
    assert error["code"] == "CONFLICT"
    assert error["field"] == "expectedRevision"
    assert error["currentRevision"] == current
    assert await digest_rows(engine) == before


async def test_a_retry_is_answered_as_before(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    values = {**KEY, "value": 1, "idempotencyKey": "once"}
    first = await graphql.record("putSessionItem", PUT, **values)
    await put(graphql, key="another")
    before = await digest_rows(engine)
    assert await graphql.record("putSessionItem", PUT, **values) == {**first, "replayed": True}
    error = (await graphql.mutate("putSessionItem", PUT, **{**values, "value": 2})).error
    assert (error["code"], error["field"]) == ("CONFLICT", "idempotencyKey")
    assert await digest_rows(engine) == before
    gone = {"session": "session", "collection": "c", "idempotencyKey": "gone"}
    assert (await graphql.record("deleteSessionItems", "deletedCount", **gone))["deletedCount"] == 2
    await put(graphql)
    again = await graphql.record("deleteSessionItems", "deletedCount replayed", **gone)
    assert again == {"deletedCount": 2, "replayed": True}
    assert await keys(graphql) == ["k"]


VALUES: list[Any] = [
    {"z": {"b": 1, "a": 2}, "a": [1, 2.5, 1.0, -0.0, 1e-300, 2**63, 2**64 - 1, None, True, ""]},
    'text with ünïcode 🙂, \\, "quotes", \u2028 and \x7f\x01',
    0,
    False,
    "",
    [],
    {},
    -(2**63),
    1.5e300 / 1e300,
    {"": {"": [[]]}, 'key with \\ and "': "\r\n\t"},
    {"a\u0000b".replace("\u0000", "\u0001"): [{"type": "text"}] * 3},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
async def test_a_value_comes_back_to_the_letter(
    graphql: GraphQLClient, resolved: GraphQLClient, value: Any
) -> None:
    await create_session(graphql)
    await put(graphql, value=value)
    document = '{ session(id: "session") { items { nodes { value } } } }'
    for client in (graphql, resolved):
        response = await client.http.post("/graphql", json={"query": document})
        written = b'"value":' + orjson.dumps(value) + b"}"
        assert written in response.content, response.text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"value": None}, None),
        ({"value": 2**64}, "value"),
        ({"value": -(2**64)}, "value"),
        ({"value": {"a": "\x00"}}, "value"),
        ({"value": {"a\x00": 1}}, "value"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "text"}, "metadata"),
        ({"metadata": {"a": "\x00"}}, "metadata"),
        ({"collection": ""}, "collection"),
        ({"collection": "c" * 513}, "collection"),
        ({"collection": "c\x00"}, "collection"),
        ({"key": " "}, "key"),
        ({"key": "k" * 513}, "key"),
        ({"key": "\x00"}, "key"),
        ({"collection": "🙂" * 512, "key": "k"}, "key"),
        ({"session": ""}, "session"),
        ({"ifExists": "OTHER"}, None),
        ({"expectedRevision": "1"}, None),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    graphql: GraphQLClient, engine: AsyncEngine, values: dict[str, Any], field: str | None
) -> None:
    await create_session(graphql)
    before = await digest_rows(engine)
    reply = await graphql.mutate("putSessionItem", PUT, **{**KEY, "value": 1, **values})
    assert reply.error["code"] == "BAD_USER_INPUT"
    assert field is None or reply.error["field"] == field
    assert await digest_rows(engine) == before


@pytest.mark.parametrize("spelling", ["1e400", "-1e400", "NaN"])
async def test_a_number_that_is_none_is_no_json(graphql: GraphQLClient, spelling: str) -> None:
    """As in `parts`: the request itself cannot be read."""
    query = "mutation ($input: PutSessionItemInput!) { putSessionItem(input: $input) { changed } }"
    body = orjson.dumps(
        {
            "query": query,
            "variables": {"input": {**KEY, "value": orjson.Fragment(spelling)}},
        }
    )
    response = await graphql.http.post(
        "/graphql", content=body, headers={"content-type": "application/json"}
    )
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_longest_names_fit_into_the_indexes(graphql: GraphQLClient) -> None:
    """They are as hard to compress as can be."""
    await create_session(graphql)
    letters = [chr(0x10000 + (7919 * number) % 65_536) for number in range(512)]
    collection, key = "".join(letters[:256]), "".join(letters[256:])
    assert (await put(graphql, collection=collection, key=key))["key"] == key
    assert (await put(graphql, collection="c" * 512, key="k" * 512))["sequence"] == 2


@pytest.mark.parametrize("session", ["none", "session_01h455vb4pex5vsknk084sn02q"])
async def test_a_session_must_be_there(graphql: GraphQLClient, session: str) -> None:
    values = {**KEY, "session": session, "value": 1}
    for mutation, selection, given in (
        ("putSessionItem", "changed", values),
        ("deleteSessionItems", "deletedCount", {"session": session, "collection": "c"}),
    ):
        error = (await graphql.mutate(mutation, selection, **given)).error
        assert (error["code"], error["field"]) == ("NOT_FOUND", "session")


async def test_items_are_found_by_collection_key_and_metadata(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await create_session(graphql, "other")
    for number, (collection, key) in enumerate([("a", "2"), ("b", "1"), ("a", "10"), ("a", "1")]):
        await put(
            graphql, collection=collection, key=key, metadata={"n": number, "of": {"c": collection}}
        )
    await put(graphql, session="other", collection="a", key="1", metadata={"n": 9})
    of_a = {"collection": {"eq": "a"}}
    by_key = {"field": "KEY", "direction": "DESC"}
    assert await keys(graphql) == ["2", "1", "10", "1"]
    assert await keys(graphql, filter=of_a) == ["2", "10", "1"]
    assert await keys(graphql, filter=of_a, orderBy={"field": "KEY"}) == ["1", "10", "2"]
    assert await keys(graphql, filter=of_a, orderBy=by_key, first=1) == ["2"]
    assert await keys(graphql, filter=of_a, orderBy={"field": "SEQUENCE", "direction": "DESC"}) == [
        *("1", "10", "2")
    ]
    assert await keys(graphql, filter=of_a, last=1) == ["1"]
    assert await keys(graphql, filter={**of_a, "key": {"in": ["2", "10", "x"]}}) == ["2", "10"]
    assert await keys(graphql, filter={"metadata": {"contains": {"of": {"c": "b"}}}}) == ["1"]
    found = await graphql.execute(
        """query ($filter: SessionItemFilter) { sessionItems(filter: $filter) {
            totalCount nodes { session { sessionId } } } }""",
        filter={**of_a, "key": {"eq": "1"}},
    )
    named = [node["session"]["sessionId"] for node in found["sessionItems"]["nodes"]]
    assert named == ["other", "session"]
    for wanted, count in (
        ({"session": {"eq": "other"}}, 1),
        ({"metadata": {"contains": {"n": 9}}}, 1),
        ({"session": {"eq": "other"}, "metadata": {"contains": {"n": 1}}}, 0),
        (of_a, 4),
    ):
        document = (
            "query ($f: SessionItemFilter) { sessionItems(filter: $f) { totalCount nodes { id } } }"
        )
        connection = (await graphql.execute(document, f=wanted))["sessionItems"]
        assert connection["totalCount"] == len(connection["nodes"]) == count


async def test_keys_stand_in_the_order_of_their_code_points(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    given = ["b", "B", "a-1", "a", "a1", "é", "z", "_", "1f0a-2", "1f0a-10", "🙂", "\ufffd"]
    for key in given:
        await put(graphql, key=key)
    assert await keys(graphql, orderBy={"field": "KEY"}) == sorted(given)
    backwards = await keys(graphql, orderBy={"field": "KEY", "direction": "DESC"})
    assert backwards == sorted(given, reverse=True)


@pytest.mark.parametrize("field", ["SEQUENCE", "KEY"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_hold_each_item_once(
    graphql: GraphQLClient, field: str, direction: str
) -> None:
    await create_session(graphql)
    for number in range(11):
        await put(graphql, collection="cd"[number % 2], key=f"{(number * 7) % 11:02}")
    order = {"field": field, "direction": direction}
    expected = await keys(graphql, orderBy=order)
    assert len(expected) == 11
    document = """query ($orderBy: SessionItemOrder, $first: Int, $last: Int, $after: String,
        $before: String) { session(id: "session") { items(orderBy: $orderBy, first: $first,
        last: $last, after: $after, before: $before) {
          nodes { key } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
    forward: list[str] = []
    arguments: dict[str, Any] = {"first": 3}
    while arguments:
        page = (await graphql.execute(document, orderBy=order, **arguments))["session"]["items"]
        forward += [node["key"] for node in page["nodes"]]
        info = page["pageInfo"]
        arguments = {"first": 3, "after": info["endCursor"]} if info["hasNextPage"] else {}
    assert forward == expected
    backward: list[str] = []
    arguments = {"last": 4}
    while arguments:
        page = (await graphql.execute(document, orderBy=order, **arguments))["session"]["items"]
        backward = [node["key"] for node in page["nodes"]] + backward
        info = page["pageInfo"]
        arguments = {"last": 4, "before": info["startCursor"]} if info["hasPreviousPage"] else {}
    assert backward == expected


async def delete(graphql: GraphQLClient, **values: Any) -> int:
    given = {"session": "session", "collection": "c", **values}
    payload = await graphql.record("deleteSessionItems", "deletedCount session { id }", **given)
    count: int = payload["deletedCount"]
    return count


async def test_items_are_deleted_by_key_or_by_collection(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    await create_session(graphql, "other")
    for key in ("1", "2", "3", "4"):
        await put(graphql, key=key)
    await put(graphql, collection="d", key="1")
    await put(graphql, session="other", key="1")
    assert await delete(graphql, keys=["1", "3", "3", "none"]) == 2
    assert await keys(graphql) == ["2", "4", "1"]
    before = await digest_rows(engine)
    assert await delete(graphql, keys=[]) == 0
    assert await delete(graphql, keys=["1"]) == 0
    assert await delete(graphql, collection="none") == 0
    assert await digest_rows(engine) == before
    assert await delete(graphql) == 2
    assert [item["collection"] for item in await items(graphql)] == ["d"]
    assert len(await items(graphql, "other")) == 1
    again = await put(graphql, key="4", expectedRevision=0)
    assert (again["sequence"], again["revision"]) == (6, 1), "its number is not given again"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"keys": ["k"] * 1_001}, "keys"),
        ({"keys": ["k", "\x00"]}, "keys.1"),
        ({"keys": [""]}, "keys.0"),
        ({"collection": " "}, "collection"),
    ],
)
async def test_a_deletion_of_what_cannot_be_is_refused(
    graphql: GraphQLClient, engine: AsyncEngine, values: dict[str, Any], field: str
) -> None:
    await create_session(graphql)
    await put(graphql)
    given = {"session": "session", "collection": "c", **values}
    error = (await graphql.mutate("deleteSessionItems", "deletedCount", **given)).error
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", field)
    assert (await count_rows(engine))["session_items"] == 1


async def test_items_go_with_their_session(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    await create_session(graphql, "child", parent="session")
    await put(graphql)
    await put(graphql, session="child")
    await graphql.record("deleteSession", "deletedSessionCount", session="session")
    assert (await count_rows(engine))["session_items"] == 0


async def test_items_make_no_events_but_are_activity(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    document = '{ session(id: "session") { lastActivityAt revision messageCount } }'
    seen = [(await graphql.execute(document))["session"]]
    for value in (1, 2, 2):
        await put(graphql, value=value)
        seen.append((await graphql.execute(document))["session"])
    moments = [session["lastActivityAt"] for session in seen]
    assert moments[0] < moments[1] < moments[2] == moments[3]
    assert {session["revision"] for session in seen} == {1}
    assert await event_types(graphql) == ["session.created"]
    message = await record_message(graphql)
    assert message["sequence"] == 1, "messages are counted by themselves"


async def test_another_project_sees_and_changes_nothing(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    session = await create_session(graphql)
    item = await put(graphql, metadata={"a": 1})
    before = await digest_rows(engine)
    data = await other_project.execute(
        """query ($id: ID!, $session: ID!) {
          sessionItem(id: $id) { id } node(id: $id) { id }
          session(id: $session) { items { totalCount } }
          sessionItems(filter: {metadata: {contains: {a: 1}}}) { totalCount nodes { id } }
          of: sessionItems(filter: {session: {eq: $session}}) { totalCount nodes { id } } }""",
        id=item["id"],
        session=session["id"],
    )
    nothing = {"totalCount": 0, "nodes": []}
    assert data == {
        "sessionItem": None,
        "node": None,
        "session": None,
        "sessionItems": nothing,
        "of": nothing,
    }
    for reference in ("session", session["id"]):
        given = {**KEY, "session": reference, "value": 2}
        assert (await other_project.mutate("putSessionItem", PUT, **given)).error["code"] == (
            "NOT_FOUND"
        )
        gone = {"session": reference, "collection": "c"}
        reply = await other_project.mutate("deleteSessionItems", "deletedCount", **gone)
        assert reply.error["code"] == "NOT_FOUND"
    assert {n: d for n, d in (await digest_rows(engine)).items() if n != "api_keys"} == {
        n: d for n, d in before.items() if n != "api_keys"
    }
    await create_session(other_project)
    assert (await put(other_project, value=3))["sequence"] == 1
    assert (await items(graphql))[0]["value"] == 1


WRITERS = 20


async def test_writers_of_one_key_change_it_one_after_the_other(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    written = await asyncio.gather(*(put(graphql, value=number) for number in range(WRITERS)))
    assert sorted(item["revision"] for item in written) == list(range(1, WRITERS + 1))
    assert {item["sequence"] for item in written} == {1}
    (item,) = await items(graphql)
    last = max(written, key=lambda each: each["revision"])
    assert (item["revision"], item["value"]) == (WRITERS, last["value"])


async def test_one_of_many_writers_of_the_same_revision_wins(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    for revision in range(2):
        replies = await asyncio.gather(
            *(
                graphql.mutate(
                    "putSessionItem",
                    PUT,
                    **{**KEY, "value": [revision, number], "expectedRevision": revision},
                )
                for number in range(WRITERS)
            )
        )
        refused = [reply.error for reply in replies if reply.errors]
        assert len(refused) == WRITERS - 1
        assert {error["code"] for error in refused} == {"CONFLICT"}
        assert {error["currentRevision"] for error in refused} == {revision + 1}
    kept = await asyncio.gather(
        *(put(graphql, key="new", value=n, ifExists="KEEP") for n in range(WRITERS))
    )
    assert sum(item["changed"] for item in kept) == 1
    assert len({item["value"] for item in kept}) == 1


async def test_writers_of_one_session_leave_no_gap(graphql: GraphQLClient) -> None:
    await create_session(graphql)

    async def write(number: int) -> int:
        if number % 4 == 3:
            await record_message(graphql, content=str(number))
        records = [
            {"putSessionItem": {**KEY, "key": f"{number} {each}", "value": each}}
            for each in range(3)
        ]
        await graphql.record("recordBatch", "recordedCount", records=records)
        sequence: int = (await put(graphql, key=str(number)))["sequence"]
        return sequence

    alone = await asyncio.gather(*(write(number) for number in range(WRITERS)))
    assert len(set(alone)) == WRITERS
    found = await items(graphql, first=200)
    assert [item["sequence"] for item in found] == list(range(1, 4 * WRITERS + 1))
    batches = {
        number: [i["sequence"] for i in found if i["key"].startswith(f"{number} ")]
        for number in range(WRITERS)
    }
    assert all(last - first == 2 for first, _, last in batches.values()), "a batch is not mixed"


async def test_a_batch_puts_items_in_order(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await put(graphql, key="old", value=0)

    def record(key: str, value: Any, **values: Any) -> dict[str, Any]:
        return {"putSessionItem": {**KEY, "key": key, "value": value, **values}}

    payload = await graphql.record(
        "recordBatch",
        "recordedCount results { id node { ... on SessionItem { key sequence value revision } } }",
        records=[
            {"reference": "new", "createSession": {"sessionId": "new"}},
            record("b", {"y": 1, "x": 2}),
            record("a", 1),
            record("old", 1),
            record("b", {"x": 2, "y": 1}, expectedRevision=1),
            record("a", 1, expectedRevision=1),
            record("old", 9, ifExists="KEEP"),
            record("a", "in new", session="new"),
            {"recordMessage": {"session": "new", "role": "USER"}},
        ],
    )
    assert payload["recordedCount"] == 9
    results = payload["results"]
    assert results[1] == results[4]
    assert results[1]["node"] == {
        "key": "b",
        "sequence": 2,
        "value": {"x": 2, "y": 1},
        "revision": 2,
    }
    assert results[2] == results[5]
    found = await items(graphql)
    assert [(each["key"], each["sequence"], each["revision"]) for each in found] == [
        ("old", 1, 2),
        ("b", 2, 2),
        ("a", 3, 1),
    ]
    assert list(found[1]["value"]) == ["x", "y"]
    assert [(each["key"], each["sequence"]) for each in await items(graphql, "new")] == [("a", 1)]
    assert await event_types(graphql) == ["session.created"]


async def test_a_batch_is_whole_or_partial(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    session = await create_session(graphql)
    await put(graphql, key="old")
    records = [
        {"putSessionItem": {**KEY, "key": "one", "value": 1}},
        {"putSessionItem": {**KEY, "key": "old", "value": 2, "expectedRevision": 7}},
        {"putSessionItem": {**KEY, "key": "\x00", "value": 3}},
        {"putSessionItem": {**KEY, "session": session["id"], "key": "one", "value": 4}},
        {"putSessionItem": {**KEY, "session": "none", "value": 5}},
        {"putSessionItem": {**KEY, "key": "two", "value": 6}},
    ]
    before = await digest_rows(engine)
    error = (await graphql.mutate("recordBatch", "recordedCount", records=records)).error
    assert (error["code"], error["field"]) == (
        "CONFLICT",
        "records.1.putSessionItem.expectedRevision",
    )
    assert await digest_rows(engine) == before
    payload = await graphql.record(
        "recordBatch",
        "recordedCount results { id error { code field } }",
        records=records,
        partial=True,
    )
    errors = [result["error"] and result["error"]["code"] for result in payload["results"]]
    assert errors == [None, "CONFLICT", "BAD_USER_INPUT", None, "NOT_FOUND", None]
    assert payload["results"][2]["error"]["field"] == "records.2.putSessionItem.key"
    assert payload["results"][0]["id"] == payload["results"][3]["id"]
    found = [(item["key"], item["sequence"], item["value"]) for item in await items(graphql)]
    assert found == [("old", 1, 1), ("one", 2, 4), ("two", 3, 6)]


async def test_a_batch_of_a_thousand_is_few_statements(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    for value in (1, 2, 2):
        records = [
            {"putSessionItem": {**KEY, "key": str(number), "value": [number, value]}}
            for number in range(1_000)
        ]
        async with recorded_statements(engine) as statements:
            await graphql.record("recordBatch", "recordedCount", records=records)
        queries = [each.query for each in statements]
        assert len(set(queries)) <= 6, queries
        assert sum(query.startswith("SELECT") for query in queries) <= 4, queries
    async with engine.connect() as connection:
        counted = await connection.execute(
            text("SELECT count(*), max(sequence), min(revision), max(revision) FROM session_items")
        )
        assert tuple(counted.one()) == (1_000, 1_000, 2, 2)
