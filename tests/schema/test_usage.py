"""What sessions, agents and memories took and gave, added up."""

from typing import Any

import pytest

from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    record_message,
)
from tests.graphql_client import GraphQLClient

FIGURES = """sessionCount messageCount toolCallCount failedToolCallCount inputTokens outputTokens
  costUsd durationMs"""
NOTHING = {
    "sessionCount": 0,
    "messageCount": 0,
    "toolCallCount": 0,
    "failedToolCallCount": 0,
    "inputTokens": 0,
    "outputTokens": 0,
    "costUsd": "0",
    "durationMs": 0,
}


async def _session(
    graphql: GraphQLClient,
    name: str,
    start: str,
    end: str | None = None,
    calls: tuple[str, ...] = (),
    **values: Any,
) -> None:
    """A session with one message of 3 input and 5 output tokens that costs 0.5."""
    quality = values.pop("quality", None)
    await create_session(graphql, name, startedAt=start, **values)
    await record_message(
        graphql,
        name,
        role="ASSISTANT",
        createdAt=start,
        inputTokens=3,
        outputTokens=5,
        costUsd="0.5",
        toolCalls=[{"toolName": "t", "status": status} for status in calls],
    )
    if end is not None:
        await graphql.record(
            "endSession", "replayed", session=name, endedAt=end, qualityScore=quality
        )


def _figures(sessions: int, calls: int = 0, failed: int = 0, ms: int = 0) -> dict[str, Any]:
    return {
        "sessionCount": sessions,
        "messageCount": sessions,
        "toolCallCount": calls,
        "failedToolCallCount": failed,
        "inputTokens": 3 * sessions,
        "outputTokens": 5 * sessions,
        "costUsd": str(sessions / 2) if sessions % 2 else f"{sessions // 2}.0",
        "durationMs": ms,
    }


async def test_a_session_counts_itself_and_its_tree_without_forks(graphql: GraphQLClient) -> None:
    at = "2026-01-01T{}Z".format
    await _session(graphql, "top", at("12:00:00"), at("12:00:10.0019"), ("SUCCEEDED", "FAILED"))
    await _session(graphql, "child", at("12:00:01"), at("12:00:30"), ("FAILED",), parent="top")
    await _session(graphql, "leaf", at("11:59:00"), at("12:00:05"), parent="child")
    await _session(graphql, "fork", at("13:00:00"), at("14:00:00"), parent="top", kind="FORK")
    await _session(graphql, "below", at("13:00:01"), at("13:30:00"), ("FAILED",), parent="fork")
    await _session(graphql, "next", at("12:00:02"), parent="child", kind="CONTINUATION")
    document = "query ($id: ID!) {{ session(id: $id) {{ usage {{ {0} }} treeUsage {{ {0} }} }} }}"
    document = document.format(FIGURES)
    expected = {
        "top": (_figures(1, 2, 1, 10_001), _figures(4, 3, 2, 90_000)),
        "child": (_figures(1, 1, 1, 29_000), _figures(3, 1, 1, 90_000)),
        "leaf": (_figures(1, 0, 0, 65_000),) * 2,
        "fork": (_figures(1, 0, 0, 3_600_000), _figures(2, 1, 1, 3_600_000)),
    }
    for name, (own, tree) in expected.items():
        found = (await graphql.execute(document, id=name))["session"]
        assert found == {"usage": own, "treeUsage": tree}, name


async def test_a_session_that_goes_on_lasts_to_its_last_activity(graphql: GraphQLClient) -> None:
    await create_session(graphql, startedAt="2026-01-01T12:00:00Z")
    document = """{ session(id: "session") {
      usage { durationMs messageCount costUsd } treeUsage { durationMs sessionCount costUsd } } }"""
    found = (await graphql.execute(document))["session"]
    assert found["usage"] == {"durationMs": 0, "messageCount": 0, "costUsd": "0"}
    assert found["treeUsage"] == {"durationMs": 0, "sessionCount": 1, "costUsd": "0"}
    await record_message(graphql, createdAt="2026-01-01T12:00:02.5Z")
    found = (await graphql.execute(document))["session"]
    assert found["usage"]["durationMs"] == found["treeUsage"]["durationMs"] == 2_500


USAGE = f"""query ($from: DateTime!, $to: DateTime!, $bucket: TimeBucket!) {{
  agent(id: "agent") {{ usage(from: $from, to: $to, bucket: $bucket) {{ start {FIGURES} }} }} }}"""


FORK = {"agent": "agent", "parent": "first", "kind": "FORK"}


async def _usage(graphql: GraphQLClient, start: str, end: str, bucket: str) -> list[Any]:
    data = await graphql.execute(USAGE, **{"from": start, "to": end, "bucket": bucket})
    buckets: list[Any] = data["agent"]["usage"]
    return buckets


async def test_an_agents_usage_stands_in_the_buckets_its_sessions_started_in(
    graphql: GraphQLClient,
) -> None:
    await create_agent(graphql)
    await create_agent(graphql, "other")
    for name, start, end, values in (
        ("early", "2026-03-01T23:59:59.999999Z", None, {"agent": "agent"}),
        ("first", "2026-03-02T00:00:00Z", "2026-03-05T00:00:00Z", {"agent": "agent"}),
        ("fork", "2026-03-02T23:59:59Z", "2026-03-03T00:00:00Z", FORK),
        ("last", "2026-03-03T23:59:59.999999Z", None, {"agent": "agent"}),
        ("late", "2026-03-04T00:00:00Z", None, {"agent": "agent"}),
        ("theirs", "2026-03-02T12:00:00Z", None, {"agent": "other"}),
    ):
        await _session(graphql, name, start, end, ("FAILED",), **values)
    found = await _usage(graphql, "2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z", "DAY")
    assert found == [
        {"start": "2026-03-02T00:00:00Z", **_figures(2, 2, 2, 3 * 86_400_000 + 1_000)},
        {"start": "2026-03-03T00:00:00Z", **_figures(1, 1, 1)},
    ]
    # 2026-03-02 is a Monday; the offset is not UTC's
    found = await _usage(graphql, "2026-03-01T01:00:00+02:00", "2026-03-09T00:00:01Z", "WEEK")
    assert [(entry["start"], entry["sessionCount"]) for entry in found] == [
        ("2026-02-23T00:00:00Z", 1),
        ("2026-03-02T00:00:00Z", 4),
        ("2026-03-09T00:00:00Z", 0),
    ]
    assert found[2] == {"start": "2026-03-09T00:00:00Z", **NOTHING}
    found = await _usage(graphql, "2026-03-02T00:00:00.000001Z", "2026-06-01T00:00:00Z", "MONTH")
    assert [(entry["start"], entry["sessionCount"]) for entry in found] == [
        ("2026-03-01T00:00:00Z", 3),
        ("2026-04-01T00:00:00Z", 0),
        ("2026-05-01T00:00:00Z", 0),
    ]
    found = await _usage(graphql, "2026-03-02T22:59:00Z", "2026-03-03T00:00:00Z", "HOUR")
    assert [(entry["start"], entry["sessionCount"]) for entry in found] == [
        ("2026-03-02T22:00:00Z", 0),
        ("2026-03-02T23:00:00Z", 1),
    ]


@pytest.mark.parametrize(
    ("start", "end", "bucket", "field"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "DAY", "to"),
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "DAY", "to"),
        ("2026-01-01T00:00:00Z", "2026-02-11T16:00:00.000001Z", "HOUR", "bucket"),
        ("1900-01-01T00:00:00Z", "2200-12-31T00:00:00Z", "HOUR", "bucket"),
        ("1900-01-01T00:00:00Z", "2200-12-31T00:00:00Z", "MONTH", "bucket"),
    ],
)
async def test_a_range_without_time_or_with_too_many_buckets_is_refused(
    graphql: GraphQLClient, start: str, end: str, bucket: str, field: str
) -> None:
    await create_agent(graphql)
    memory = await create_memory(graphql, agent="agent")
    given = {"from": start, "to": end, "bucket": bucket}
    error = (await graphql.send(USAGE, **given)).error
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", field)
    document = """query ($id: ID!, $from: DateTime!, $to: DateTime!, $bucket: TimeBucket!) {
      memory(id: $id) { accessStats(from: $from, to: $to, bucket: $bucket) { accessCount } } }"""
    error = (await graphql.send(document, id=memory["id"], **given)).error
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", field)


async def test_a_thousand_buckets_are_given(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    found = await _usage(graphql, "2026-01-01T00:00:00Z", "2026-02-11T16:00:00Z", "HOUR")
    assert len(found) == 1_000
    assert found[-1] == {"start": "2026-02-11T15:00:00Z", **NOTHING}
    for start, end, count in (
        ("1900-01-01T00:00:00Z", "1901-01-01T00:00:00Z", 12),
        ("1900-01-31T00:00:00Z", "1900-03-01T00:00:00Z", 2),
        ("2200-12-31T00:00:00Z", "2200-12-31T23:59:59-23:00", 2),
    ):
        assert len(await _usage(graphql, start, end, "MONTH")) == count


async def _access(graphql: GraphQLClient, memory: str, at: str, **values: Any) -> None:
    await graphql.record(
        "recordMemoryAccess",
        "replayed",
        memory=memory,
        accessType="READ",
        occurredAt=at,
        **values,
    )


async def test_a_memorys_accesses_are_counted_with_their_accessors(graphql: GraphQLClient) -> None:
    memory = (await create_memory(graphql))["id"]
    unused = (await create_memory(graphql))["id"]
    judged = {"usefulness": 0.25}
    for at, values in (
        ("2026-01-01T00:00:00Z", {"accessedBy": "ann", "accessorType": "USER", **judged}),
        ("2026-01-01T10:00:00Z", {"accessedBy": "ann", "accessorType": "USER", "usefulness": 0.5}),
        ("2026-01-01T11:00:00Z", {"accessedBy": "ann", "accessorType": "AGENT"}),
        ("2026-01-01T12:00:00Z", {"accessedBy": "bob"}),
        ("2026-01-01T13:00:00Z", {}),
        ("2026-01-03T00:00:00Z", {"accessedBy": "ann", "accessorType": "USER", "usefulness": 0.0}),
        ("2026-01-04T00:00:00Z", {"accessedBy": "eve", "usefulness": 1}),
        ("2025-12-31T23:59:59Z", {"accessedBy": "eve", "usefulness": 1}),
    ):
        await _access(graphql, memory, at, **values)
    document = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Memory {
      accessStats(from: "2026-01-01T00:00:00Z", to: "2026-01-04T00:00:00Z", bucket: DAY) {
        accessCount distinctAccessors meanUsefulness
        buckets { start accessCount distinctAccessors meanUsefulness }
    } } } }"""
    data = await graphql.execute(document, ids=[memory, unused])

    def figures(count: int, accessors: int, mean: float | None) -> dict[str, Any]:
        return {"accessCount": count, "distinctAccessors": accessors, "meanUsefulness": mean}

    first, second = [node["accessStats"] for node in data["nodes"]]
    days = [f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    assert first == {
        **figures(6, 3, 0.25),
        "buckets": [
            {"start": days[0], **figures(5, 3, 0.375)},
            {"start": days[1], **figures(0, 0, None)},
            {"start": days[2], **figures(1, 1, 0.0)},
        ],
    }
    nothing = figures(0, 0, None)
    assert second == {**nothing, "buckets": [{"start": day, **nothing} for day in days]}


PERFORMANCE = """query ($from: DateTime!, $to: DateTime!) { agent(id: "agent") {
  versionPerformance(from: $from, to: $to) {
    version { versionNumber } sessionCount toolCallCount failedToolCallRate meanQuality
    inputTokens outputTokens costUsd p50LatencyMs p95LatencyMs } } }"""


async def _performance(graphql: GraphQLClient, start: str, end: str) -> list[Any]:
    data = await graphql.execute(PERFORMANCE, **{"from": start, "to": end})
    versions: list[Any] = data["agent"]["versionPerformance"]
    return versions


async def test_versions_are_compared_by_what_was_recorded(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    at = "2026-01-0{}T00:00:00Z".format
    await _session(graphql, "none", at(1), agent="agent")
    await create_agent_version(graphql, "1")
    failed, good = ("FAILED", "SUCCEEDED", "SUCCEEDED"), ("SUCCEEDED",)
    await _session(graphql, "a", at(1), at(2), failed, quality=0.5, agent="agent")
    await _session(graphql, "b", at(2), at(3), good, quality=1, agent="agent")
    await _session(graphql, "c", at(3), at(4), parent="b", kind="FORK", agent="agent")
    await _session(graphql, "outside", at(4), at(5), failed, quality=0, agent="agent")
    for name, duration in (("a", 100), ("a", 200), ("b", 400), ("outside", 9_999)):
        await record_message(graphql, name, role="ASSISTANT", durationMs=duration)
    await record_message(graphql, "a", role="USER", durationMs=5_000)
    await create_agent_version(graphql, "2")
    await create_agent_version(graphql, "3")
    await _session(graphql, "d", at(1), agent="agent")
    found = await _performance(graphql, at(1), at(4))
    assert found == [
        {
            "version": {"versionNumber": "3"},
            "sessionCount": 1,
            "toolCallCount": 0,
            "failedToolCallRate": None,
            "meanQuality": None,
            "inputTokens": 3,
            "outputTokens": 5,
            "costUsd": "0.5",
            "p50LatencyMs": None,
            "p95LatencyMs": None,
        },
        {
            "version": {"versionNumber": "1"},
            "sessionCount": 3,
            "toolCallCount": 4,
            "failedToolCallRate": 0.25,
            "meanQuality": 0.75,
            "inputTokens": 9,
            "outputTokens": 15,
            "costUsd": "1.5",
            "p50LatencyMs": 200.0,
            "p95LatencyMs": pytest.approx(380),
        },
    ]
    assert await _performance(graphql, at(6), at(7)) == []
    error = (await graphql.send(PERFORMANCE, **{"from": at(4), "to": at(4)})).error
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", "to")


async def test_the_same_names_in_another_project_count_for_themselves(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    start = "2026-01-01T00:00:00Z"
    for client, count in ((graphql, 1), (other_project, 2)):
        await create_agent(client)
        await create_agent_version(client)
        for number in range(count):
            values: dict[str, Any] = {"parent": "0"} if number else {}
            await _session(client, str(number), start, agent="agent", **values)
    for client, count in ((graphql, 1), (other_project, 2)):
        assert (await _usage(client, start, "2026-01-01T01:00:00Z", "HOUR"))[0] == {
            "start": start,
            **_figures(count),
        }
        (version,) = await _performance(client, start, "2026-01-01T01:00:00Z")
        assert version["sessionCount"] == count
        data = await client.execute('{ session(id: "0") { treeUsage { sessionCount } } }')
        assert data["session"]["treeUsage"]["sessionCount"] == count
