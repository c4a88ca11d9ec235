"""How notices are written: `<process> <topic> <topic> ...`, of ids alone.

A UUID is 22 characters of base64, a project its number. A notice without a topic is a heartbeat.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator
from itertools import islice
from uuid import UUID

from resolvers.changes import Topic

CHANNEL = "sessiongraph_changes"
"""PostgreSQL's own for each database."""
_TOPICS = 340
"""In a payload, which must be shorter than 8,000 bytes: 16 of the process and 23 of each."""
_UUID_CHARACTERS = 22
_PADDING = "=="


def write_payloads(process: str, topics: Collection[Topic]) -> list[str]:
    """Write the notices of what a process has changed; of nothing, a heartbeat."""
    if not topics:
        return [process]
    left = iter(topics)
    parts = iter(lambda: [_write(topic) for topic in islice(left, _TOPICS)], [])
    return [" ".join([process, *part]) for part in parts]


def sender_of(payload: str) -> str:
    """Tell which process a notice is from."""
    return payload.partition(" ")[0]


def read_topics(payload: str) -> Iterator[Topic]:
    """Read what a notice is about. Raises `ValueError` where it is none."""
    for word in payload.split(" ")[1:]:
        yield _read(word)


def _write(topic: Topic) -> str:
    if isinstance(topic, int):
        return str(topic)
    return urlsafe_b64encode(topic.bytes)[:_UUID_CHARACTERS].decode()


def _read(word: str) -> Topic:
    if len(word) != _UUID_CHARACTERS:
        return int(word)
    return UUID(bytes=urlsafe_b64decode(word + _PADDING))
