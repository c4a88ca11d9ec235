"""The sessions of threads and of their subgraphs, and how records get into them."""

import logging
from collections.abc import Iterable, Iterator, Sequence

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, InvalidInput, Limited, NotFound
from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.group_commit import GroupCommit
from sessiongraph_client.langgraph.readable import clean
from sessiongraph_client.schema_types import BatchRecordInput

_logger = logging.getLogger(__name__)
_MOST_KNOWN = 10_000


class Overtaken(Exception):
    """Another writer has recorded some of it meanwhile."""


class ThreadSessions:
    """Records in the sessions of threads, which are made as they are needed.

    What the framework must find again and what people see of it go in one transaction. If the
    server refuses that because of what people see, the framework's own is recorded alone, and of
    the rest what can be.
    """

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._commit = GroupCommit(client)
        self._known: dict[str, None] = {}

    def forget(self, thread_id: str) -> None:
        """Know nothing more of a thread's sessions."""
        root = names.session_of(thread_id)
        for name in [each for each in self._known if each == root or each.startswith(f"{root}|")]:
            del self._known[name]

    async def record(
        self,
        thread_id: str,
        namespaces: Iterable[str],
        own: Sequence[BatchRecordInput],
        seen: Sequence[BatchRecordInput] = (),
    ) -> None:
        """Record what the framework must find again, and what people see.

        `namespaces` are those whose sessions `seen` names. Raises `Overtaken` if an item of `seen`
        that must be new is there, and `SessiongraphError` if `own` is refused.
        """
        sessions = dict(_sessions(thread_id, namespaces))
        new = [record for name, record in sessions.items() if name not in self._known]
        try:
            await self._commit.record([*new, *own, *seen])
        except (Conflict, NotFound, InvalidInput, Limited) as error:
            if (error.field or "").endswith("putSessionItem.expectedRevision"):
                raise Overtaken from error
            await self._record_apart(sessions.values(), own, seen)
        self._remember(sessions)

    async def _record_apart(
        self,
        sessions: Iterable[BatchRecordInput],
        own: Sequence[BatchRecordInput],
        seen: Sequence[BatchRecordInput],
    ) -> None:
        for session in sessions:
            try:
                await self._client.record([session])
            except Conflict:  # it was made by somebody else, and in another way
                continue
        try:
            await self._commit.record([*own, *seen])
        except (Conflict, NotFound, InvalidInput, Limited) as error:
            if (error.field or "").endswith("putSessionItem.expectedRevision"):
                raise Overtaken from error
            _logger.warning("A thread's records are not all as a session's should be: %s", error)
            if own:
                await self._commit.record(own)
            if seen:
                await self._client.record(seen, partial=True)

    def _remember(self, sessions: Iterable[str]) -> None:
        self._known |= dict.fromkeys(sessions)
        while len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]


def _sessions(thread_id: str, namespaces: Iterable[str]) -> Iterator[tuple[str, BatchRecordInput]]:
    root = names.session_of(thread_id)
    yield root, {"createSession": {"sessionId": root, "source": names.SOURCE}}
    for namespace in namespaces:
        parent = root
        for each in names.namespaces_above(namespace):
            own = names.session_of(thread_id, each)
            yield (
                own,
                {
                    "createSession": {
                        "sessionId": own,
                        "parent": parent,
                        "kind": "SUBAGENT",
                        "title": clean(each.rpartition("|")[2].partition(":")[0]),
                        "source": names.SOURCE,
                    }
                },
            )
            parent = own
