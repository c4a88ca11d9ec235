"""A conversation store of pydantic-ai on Sessiongraph."""

from collections.abc import Sequence
from typing import Any

from pydantic_ai import DeferredToolResults
from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
)

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, NotFound
from sessiongraph_client.lenient_recording import record_leniently
from sessiongraph_client.pages import read_pages
from sessiongraph_client.pydantic_ai.conversation_items import (
    RECORD,
    deleted_record_item,
    dump_entry,
    load_entries,
    load_record,
    name_scope,
    name_session,
    put_entries,
    record_item,
)
from sessiongraph_client.pydantic_ai.deferred_calls import deferred_ids, read_answers
from sessiongraph_client.pydantic_ai.entry_reader import EntryReader
from sessiongraph_client.pydantic_ai.stored_session import (
    delete_session,
    find_session,
    find_session_for_save,
)
from sessiongraph_client.pydantic_ai.told_conversation import (
    SOURCE,
    create_session,
    tell_conversation,
)
from sessiongraph_client.schema_types import BatchRecordInput

_MOST_TRIES = 20
_RECORDS = """query SessiongraphPydanticRecords(
  $filter: SessionItemFilter!, $first: Int!, $after: String
) {
  sessionItems(first: $first, after: $after, filter: $filter) {
    nodes { value metadata } pageInfo { hasNextPage endCursor }
  }
}"""
_ANSWERS = """query SessiongraphPydanticAnswers($session: ID!, $calls: [String!]!) {
  session(id: $session) {
    toolCalls(last: 200, filter: {toolCallId: {in: $calls}}) {
      nodes { toolCallId confirmation { status reason editedArguments } }
    }
  }
}"""


class SessiongraphConversationStore(ConversationStore):
    """A store of pydantic-ai's conversations (`ConversationStore`), kept in Sessiongraph.

    `store = SessiongraphConversationStore(client)`, then `load` and `save` around each run.

    A conversation is a session of its name, whose person is the conversation's scope. Entries are
    kept verbatim as `SessionItem`s of the collection `pydantic_ai.entries`, and the record as that
    of `pydantic_ai.record`, in the same transaction as the messages, tool calls and confirmations
    that they tell of. A fork is a session of its own with copies of the entries that it shares, so
    that it outlives its origin; its metadata names it. `delete` deletes the session with all of its
    entries, messages and calls for good, and the sessions below it. That needs a key of the scope
    `admin`: with one of `record`, it deletes the entries alone, and the session stays.

    With `parent`, the name of another conversation, new conversations are sub-agents' sessions
    below that one's, and are deleted with it. It may be saved later than they.

    Methods raise `SessiongraphError` beside what the framework's own stores raise, and a save what
    pydantic does for a message that it cannot dump as JSON, or `UnicodeEncodeError` for one with a
    lone surrogate: then nothing of it is stored.
    """

    def __init__(self, client: SessiongraphClient, *, parent: str | None = None) -> None:
        self.client = client
        self._reader = EntryReader(client)
        self._parent = parent

    async def read_answers(self, conversation: Conversation) -> DeferredToolResults | None:
        """Read what people decided of the approvals that a paused run waits for.

        None as long as one is not decided. For the `deferred_tool_results` of the run that goes on;
        the results of calls that are made elsewhere are to be added to it.
        """
        requests = conversation.deferred_tool_requests
        if requests is None:
            return None
        data = await self.client.query(
            _ANSWERS,
            session=name_session(conversation.conversation_id),
            calls=deferred_ids(requests),
        )
        nodes = data["session"]["toolCalls"]["nodes"] if data["session"] else []
        return read_answers({node["toolCallId"]: node for node in nodes}, requests)

    async def read_record(self, conversation_id: str) -> ConversationRecord | None:
        """Read a conversation's record; None if there is none."""
        return (await find_session(self.client, conversation_id)).record

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

        async def read(first: int, after: str | None) -> Any:
            data = await self.client.query(_RECORDS, filter=found, first=first, after=after)
            return data["sessionItems"]

        async for nodes in read_pages(read):
            for node in nodes:
                record = load_record(node)
                if record is not None and scope in (None, record.scope):
                    records.append(record)
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

        With a key of the scope `record` its entries are deleted, and what was recorded stays.
        Raises `ConversationConflict` if the stored revision is not `expected_revision`.
        """
        session = await find_session(self.client, conversation_id)
        if session.record is None or session.record.revision != expected_revision:
            raise ConversationConflict(conversation_id)
        try:
            await self.client.record([deleted_record_item(session.id, session.revision)])
        except (Conflict, NotFound) as error:
            raise ConversationConflict(conversation_id) from error
        await delete_session(self.client, session.id, session.revision + 1)

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
        dumped: Sequence[dict[str, Any]],
        expected_revision: str | None,
    ) -> None:
        session = await find_session_for_save(self.client, record, new_entries)
        if (session.record.revision if session.record else None) != expected_revision:
            raise ConversationConflict(record.conversation_id)
        shared = await self._find_elsewhere(record, session.missing)
        start = [] if session.exists else await self._creation(record)
        items = put_entries(session.id, [*shared, *dumped])
        # nobody sees the entries before their record is there
        required = [*start, *items, record_item(session.id, record, session.revision)]
        told = tell_conversation(session, record, new_entries)
        await record_leniently(self.client, required, told)

    async def _find_elsewhere(
        self, record: ConversationRecord, keys: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Find the histories of entries that the conversation shares with another, in order."""
        found: dict[str, dict[str, Any]] = {}
        for key in keys:
            try:
                history = await self._reader.read_history(key)
            except LookupError as error:
                if key == record.head_id:
                    raise ConversationConflict(record.conversation_id) from error
            else:
                found.update((entry["id"], entry) for entry in history)
        return list(found.values())

    async def _creation(self, record: ConversationRecord) -> list[BatchRecordInput]:
        if self._parent is not None:
            # it may be there already, made from another input
            parent: BatchRecordInput = {
                "createSession": {"sessionId": name_session(self._parent), "source": SOURCE}
            }
            await self.client.record([parent], partial=True)
        return [create_session(record, self._parent)]
