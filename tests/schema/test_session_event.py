"""A runtime's own events and a session's metrics over the API."""

from models import EventType
from tests.factories import create_session, feed
from tests.graphql_client import GraphQLClient


async def test_an_event_of_the_runtimes_own(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    payload = await graphql.record(
        "createSessionEvent",
        """sessionEvent {
          sequence eventType eventData actorId durationMs occurredAt subject { id }
        }""",
        session="session",
        eventType="retrieval",
        eventData={"hits": 3},
        actorId="retriever",
        durationMs=12,
        occurredAt="2026-01-01T00:00:00Z",
    )
    assert payload["sessionEvent"] == {
        "sequence": 2,
        "eventType": "retrieval",
        "eventData": {"hits": 3},
        "actorId": "retriever",
        "durationMs": 12,
        "occurredAt": "2026-01-01T00:00:00Z",
        "subject": None,
    }


async def test_the_servers_own_types_are_taken(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    for event_type in EventType:
        reply = await graphql.mutate(
            "createSessionEvent", "replayed", session="session", eventType=event_type.value
        )
        assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "eventType")


async def test_a_metric_is_recorded(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    payload = await graphql.record(
        "recordSessionMetric",
        "sessionMetric { id metricType metricValue unit metadata recordedAt }",
        session="session",
        metricType="latency",
        metricValue=12.5,
        unit="ms",
        metadata={"p": 95},
        recordedAt="2026-01-01T00:00:00Z",
    )
    metric = payload["sessionMetric"]
    event = (await feed(graphql))[-1]
    assert event["eventType"] == "session_metric.recorded"
    assert event["subject"] == {"__typename": "SessionMetric", "id": metric.pop("id")}
    assert metric == {
        "metricType": "latency",
        "metricValue": 12.5,
        "unit": "ms",
        "metadata": {"p": 95},
        "recordedAt": "2026-01-01T00:00:00Z",
    }
