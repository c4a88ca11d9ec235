"""Two stores of pydantic-ai that must give the same, whatever is asked of them."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

import pytest
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
    ConversationStore,
    InMemoryConversationStore,
)
from sessiongraph_client.pydantic_ai import SessiongraphConversationStore

_Result = TypeVar("_Result")


class ComparedStore(ConversationStore):
    """A store that asks the framework's own and Sessiongraph's, and compares their answers."""

    def __init__(self, store: SessiongraphConversationStore) -> None:
        self.store = store
        self.memory = InMemoryConversationStore()
        self.seen: set[str] = set()
        """The ids of all entries that were ever written."""

    async def read_record(self, conversation_id: str) -> ConversationRecord | None:
        """Compare a record."""
        return await self._compare(
            self.memory.read_record(conversation_id), self.store.read_record(conversation_id)
        )

    async def read_records(
        self, *, scope: str | None = None, limit: int | None = None
    ) -> Sequence[ConversationRecord]:
        """Compare lists of records."""
        return await self._compare(
            self.memory.read_records(scope=scope, limit=limit),
            self.store.read_records(scope=scope, limit=limit),
        )

    async def write_record(
        self,
        record: ConversationRecord,
        *,
        new_entries: Sequence[ConversationEntry] = (),
        expected_revision: str | None,
    ) -> None:
        """Compare whether a record is taken."""
        self.seen.update(entry.id for entry in new_entries)
        await self._compare(
            self.memory.write_record(
                record, new_entries=new_entries, expected_revision=expected_revision
            ),
            self.store.write_record(
                record, new_entries=new_entries, expected_revision=expected_revision
            ),
        )

    async def delete_record(self, conversation_id: str, *, expected_revision: str) -> None:
        """Compare whether a record is deleted."""
        await self._compare(
            self.memory.delete_record(conversation_id, expected_revision=expected_revision),
            self.store.delete_record(conversation_id, expected_revision=expected_revision),
        )

    async def read_entry(self, entry_id: str) -> ConversationEntry:
        """Compare an entry."""
        return await self._compare(
            self.memory.read_entry(entry_id), self.store.read_entry(entry_id)
        )

    async def read_history(
        self, head_id: str | None, *, limit: int | None = None
    ) -> list[ConversationEntry]:
        """Compare a history."""
        return await self._compare(
            self.memory.read_history(head_id, limit=limit),
            self.store.read_history(head_id, limit=limit),
        )

    async def check(self) -> None:
        """Compare all that is stored: the records, their histories and branches, every entry."""
        for record in await self.read_records():
            await self.read_record(record.conversation_id)
            for head in (record.head_id, *record.branches):
                await self.read_history(head)
        for entry in self.seen:
            try:
                await self.memory.read_entry(entry)
            except LookupError:
                continue  # a store may keep it: here, its session does as long as it lives
            await self.read_entry(entry)

    async def empty(self) -> None:
        """Delete all conversations; nothing must be left."""
        for record in await self.read_records():
            await self.delete(record.conversation_id)
            await self.check()
        for entry in self.seen:
            with pytest.raises(LookupError):
                await self.store.read_entry(entry)

    async def _compare(self, expected: Awaitable[_Result], given: Awaitable[_Result]) -> _Result:
        try:
            wanted = await expected
        except (LookupError, ConversationConflict) as error:
            kind = LookupError if isinstance(error, LookupError) else ConversationConflict
            try:
                result = await given
            except kind:
                raise error from None
            raise AssertionError(f"{result} in the place of {error!r}") from error
        got = await given
        assert got == wanted
        return wanted
