"""What can be followed: how it is asked for, and what the database has of it in the end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Memory
from resolvers.identifiers import decode_as, encode, table_of


class FollowedEvent(NamedTuple):
    """An event as a client knows it: the number to go on from, its id, and that of its object."""

    number: int
    id: str
    object_id: str | None


@dataclass(frozen=True)
class FollowedFeed:
    """A subscription from its beginning, and the rows that it tells of in the order of numbers.

    The rows have `number`, `id`, `subject_type` and `subject_id`.
    """

    document: str
    read: Callable[[Mapping[str, Any]], FollowedEvent]
    """Reads an event as the document selects it."""
    rows: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of `rows`."""
    prefix: str = "session_event"
    """Of the ids."""

    async def stored(self, connection: AsyncConnection) -> list[FollowedEvent]:
        """Give what there is to be told of."""
        rows = await connection.execute(text(self.rows), self.given)
        return [
            FollowedEvent(
                row.number,
                encode(self.prefix, row.id),
                row.subject_type and encode(row.subject_type, row.subject_id),
            )
            for row in rows
        ]


_FOLLOW = """
    subscription ($session: ID!, $tree: Boolean!, $after: BigInt!) {
      sessionEvents(session: $session, tree: $tree, after: $after) {
        id sequence position subject { id } session { sessionId }
      }
    }"""
_ROWS = """
    SELECT e.{number} AS number, e.id, e.subject_type, e.subject_id FROM session_events e
    JOIN sessions s ON s.id = e.{owner} WHERE s.session_id = :session ORDER BY e.{number}"""
_CHANGES = """
    subscription ($after: BigInt!) { %s(after: $after) {
        sessionEvent { id position } matches changed: %s { id }
    } }"""
_ROWS_OF_CHANGES = """
    SELECT position AS number, id, subject_type, subject_id FROM session_events
    WHERE event_type LIKE :types ORDER BY position"""


def feed_of_session(session: str) -> FollowedFeed:
    """Follow a session by sequences."""

    def read(event: Mapping[str, Any]) -> FollowedEvent:
        assert event["session"]["sessionId"] == session
        return _read_event(event, "sequence")

    return FollowedFeed(
        _FOLLOW,
        read,
        _ROWS.format(number="sequence", owner="session_id"),
        {"session": session, "tree": False},
        {"session": session},
    )


def feed_of_tree(root: str, member: str) -> FollowedFeed:
    """Follow a tree by positions, named by any session in it."""
    return FollowedFeed(
        _FOLLOW,
        lambda event: _read_event(event, "position"),
        _ROWS.format(number="position", owner="root_id"),
        {"session": member, "tree": True},
        {"session": root},
    )


def _read_event(event: Mapping[str, Any], number: str) -> FollowedEvent:
    return FollowedEvent(event[number], event["id"], event["subject"] and event["subject"]["id"])


def changes_of(plural: str, noun: str) -> FollowedFeed:
    """Follow the sessions or confirmations of the project."""

    def read(event: Mapping[str, Any]) -> FollowedEvent:
        assert event["matches"]
        told = event["sessionEvent"]
        return FollowedEvent(told["position"], told["id"], event["changed"]["id"])

    return FollowedFeed(
        _CHANGES % (plural, noun), read, _ROWS_OF_CHANGES, given={"types": f"{noun}.%"}
    )


def accesses_of(memory_id: str) -> FollowedFeed:
    """Follow the uses of a memory."""
    return FollowedFeed(
        "subscription ($memory: ID!, $after: BigInt!) {"
        " memoryAccesses(memory: $memory, after: $after) { id sequence memory { id } } }",
        lambda event: FollowedEvent(event["sequence"], event["id"], event["memory"]["id"]),
        "SELECT sequence AS number, id, 'memory' AS subject_type, memory_id AS subject_id"
        " FROM memory_accesses WHERE memory_id = :memory ORDER BY sequence",
        {"memory": memory_id},
        {"memory": decode_as(table_of(Memory), memory_id, "memory")},
        prefix="memory_access",
    )
