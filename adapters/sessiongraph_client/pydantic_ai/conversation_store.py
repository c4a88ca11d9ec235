"""A conversation store of pydantic-ai on Sessiongraph."""

from collections.abc import Sequence
from typing import Any

from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
)

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, NotFound
from sessiongraph_client.pydantic_ai.conversation_items import (
    ENTRIES,
    RECORD,
    StoredEntry,
    deleted_record_item,
    dump_entry,
    load_entries,
    load_record,
    name_scope,
    name_session,
    record_item,
)
from sessiongraph_client.pydantic_ai.entry_reader import EntryReader
from sessiongraph_client.pydantic_ai.recording import record_conversation
from sessiongraph_client.pydantic_ai.stored_json import is_name, show_json
from sessiongraph_client.schema_types import BatchRecordInput, CreateSessionInput

SOURCE = "pydantic-ai"
_MOST_TRIES = 20
_PAGE = 200
_RECORD = """query SessiongraphPydanticRecord($session: ID!, $record: String!) {
  session(id: $session) {
    id
    record: items(first: 1, filter: {collection: {eq: $record}}) {
      nodes { value metadata revision }
    }
  }
}"""
_RECORDS = """query SessiongraphPydanticRecords($filter: SessionItemFilter!, $after: String) {
  sessionItems(first: 200, after: $after, filter: $filter) {
    nodes { value metadata } pageInfo { hasNextPage endCursor }
  }
}"""
_BEFORE_SAVE = """query SessiongraphPydanticBeforeSave(
  $session: ID!, $record: String!, $entries: String!, $keys: [String!]!
) {
  session(id: $session) {
    id
    record: items(first: 1, filter: {collection: {eq: $record}}) {
      nodes { value metadata revision }
    }
    entries: items(first: 200, filter: {collection: {eq: $entries}, key: {in: $keys}}) {
      nodes { key }
    }
  }
}"""
_DELETE = """mutation SessiongraphPydanticDelete($input: DeleteSessionInput!) {
  deleteSession(input: $input) { deletedSessionCount }
}"""


class SessiongraphConversationStore(ConversationStore):
    """A store of pydantic-ai's conversations (`ConversationStore`), kept in Sessiongraph."""

    def __init__(self, client: SessiongraphClient) -> None:
        self.client = client
        self._reader = EntryReader(client)

    async def read_record(self, conversation_id: str) -> ConversationRecord | None:
        """Read a conversation's record; None if there is none."""
        data = await self.client.query(
            _RECORD, session=name_session(conversation_id), record=RECORD
        )
        session, item, record = _read(data)
        if item and record is None:
            await self._delete(session["id"])
        return record

    async def read_records(
        self, *, scope: str | None = None, limit: int | None = None
    ) -> Sequence[ConversationRecord]:
        """Read the records, or those of a scope, the last saved first; at most `limit`.

        All records of the scope are read, 200 in a request, whatever the limit is.
        """
        found: dict[str, Any] = {"collection": {"eq": RECORD}}
        if scope is not None:
            found["metadata"] = {"contains": {"scope": name_scope(scope)}}
        records: list[ConversationRecord] = []
        page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            data = await self.client.query(_RECORDS, filter=found, after=page["endCursor"])
            for node in data["sessionItems"]["nodes"]:
                record = load_record(node)
                if record is not None and scope in (None, record.scope):
                    records.append(record)
            page = data["sessionItems"]["pageInfo"]
        records.sort(key=lambda record: record.updated_at, reverse=True)
        return records[:limit]

    async def write_record(
        self,
        record: ConversationRecord,
        *,
        new_entries: Sequence[ConversationEntry] = (),
        expected_revision: str | None,
    ) -> None:
        """Store a record with its new entries, and what a dashboard sees of them, or nothing.

        Raises `ConversationConflict` if the record's stored revision is not `expected_revision`,
        also if another writer stores one at the same moment, or if its head is nowhere.
        """
        dumped = [dump_entry(entry) for entry in new_entries]
        for _ in range(_MOST_TRIES):
            try:
                await self._write(record, new_entries, dumped, expected_revision)
            except (Conflict, NotFound):
                continue  # the session was made, changed or deleted since it was looked at
            return
        raise ConversationConflict(record.conversation_id)

    async def delete_record(self, conversation_id: str, *, expected_revision: str) -> None:
        """Delete a conversation's session, with all of its entries and all that was recorded in it.

        Its forks keep entries of their own; the sessions below it go with it. Raises
        `ConversationConflict` if the stored revision is not `expected_revision`.
        """
        data = await self.client.query(
            _RECORD, session=name_session(conversation_id), record=RECORD
        )
        session, item, stored = _read(data)
        if stored is None or stored.revision != expected_revision:
            raise ConversationConflict(conversation_id)
        try:
            await self.client.record([deleted_record_item(session["id"], item["revision"])])
        except (Conflict, NotFound) as error:
            raise ConversationConflict(conversation_id) from error
        await self._delete(session["id"])

    async def read_entry(self, entry_id: str) -> ConversationEntry:
        """Read an entry, of whichever conversation. Raises `LookupError` if there is none."""
        (entry,) = load_entries([await self._reader.read(entry_id)])
        return entry

    async def read_history(
        self, head_id: str | None, *, limit: int | None = None
    ) -> list[ConversationEntry]:
        """Read the entries up to `head_id`, in order, or only the last `limit` of them.

        Raises `LookupError` if one of them is not there.
        """
        if head_id is None or limit == 0:
            return []
        return load_entries(await self._reader.read_history(head_id, limit))

    async def _write(
        self,
        record: ConversationRecord,
        new_entries: Sequence[ConversationEntry],
        dumped: Sequence[StoredEntry],
        expected_revision: str | None,
    ) -> None:
        new = {entry.id for entry in dumped}
        named = [record.head_id, *(entry.parent_id for entry in dumped), *record.branches]
        keys = [key for key in dict.fromkeys(named) if key is not None and key not in new]
        data = await self.client.query(
            _BEFORE_SAVE,
            session=name_session(record.conversation_id),
            record=RECORD,
            entries=ENTRIES,
            keys=keys[:_PAGE],
        )
        session, item, stored = _read(data)
        if item and stored is None:
            await self._delete(session["id"])
            session = item = None
        if (stored.revision if stored else None) != expected_revision:
            raise ConversationConflict(record.conversation_id)
        there = {node["key"] for node in session["entries"]["nodes"]} if session else set()
        missing = [key for key in keys[:_PAGE] if key not in there]
        shared = await self._find_elsewhere(record, missing)
        name = session["id"] if session else name_session(record.conversation_id)
        items = [each for entry in [*shared, *dumped] for each in entry.to_items(name)]
        await record_conversation(
            self.client,
            [] if session else [_create_session(record)],
            items,
            record_item(name, record, item["revision"] if item else 0),
            [],
        )

    async def _find_elsewhere(
        self, record: ConversationRecord, keys: Sequence[str]
    ) -> list[StoredEntry]:
        """Find the histories of entries that the conversation shares with another, in order."""
        found: dict[str, StoredEntry] = {}
        for key in keys:
            try:
                history = await self._reader.read_history(key)
            except LookupError as error:
                if key == record.head_id:
                    raise ConversationConflict(record.conversation_id) from error
            else:
                found.update((entry.id, entry) for entry in history)
        return list(found.values())

    async def _delete(self, session: str) -> None:
        try:
            await self.client.mutate(_DELETE, session=session)
        except NotFound:
            pass


def _read(data: Any) -> tuple[Any, Any, ConversationRecord | None]:
    """Give the session that was found, its record's item and the record; None for what is not."""
    session = data["session"]
    item = next(iter(session["record"]["nodes"]), None) if session else None
    return session, item, load_record(item) if item else None


def _create_session(record: ConversationRecord) -> BatchRecordInput:
    made: CreateSessionInput = {
        "sessionId": name_session(record.conversation_id),
        "source": SOURCE,
    }
    if is_name(record.scope):
        made["userId"] = record.scope
    if record.forked_from is not None:
        origin = {"forked_from": record.forked_from, "forked_at": record.forked_at}
        made["metadata"] = {"pydantic_ai": show_json(origin)}
    return {"createSession": made}
