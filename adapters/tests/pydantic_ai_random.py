"""Turns of conversations, and random operations on a few of them."""

import random
from datetime import UTC, datetime

from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationRecord,
)
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    UserPromptPart,
)

from tests.pydantic_ai_stores import ComparedStore

THEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def turn(number: int | str) -> list[ModelMessage]:
    return [
        ModelRequest(parts=[UserPromptPart(f"question {number}", timestamp=THEN)]),
        ModelResponse(parts=[TextPart(f"answer {number}")], timestamp=THEN),
    ]


def turns(count: int) -> list[ModelMessage]:
    return [message for number in range(count) for message in turn(number)]


class Random:
    """Random operations on a few conversations; each is compared as it is made."""

    def __init__(self, store: ComparedStore, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.copies: list[Conversation] = []
        self.made = 0

    async def run(self, steps: int) -> None:
        operations = [self.start, self.load, self.go_on, self.go_on, self.rewrite, self.branch]
        operations += [self.fork, self.delete, self.write, self.list]
        for _ in range(steps):
            try:
                await self.random.choice(operations)()
            except (ConversationConflict, UserError):
                continue
        await self.store.check()
        await self.store.empty()

    def name(self) -> str:
        return self.random.choice("abc")

    def scope(self) -> str | None:
        return self.random.choice([None, None, None, "anna", "bob"])

    def turn(self) -> list[ModelMessage]:
        self.made += 1
        return turn(self.made)

    async def start(self) -> None:
        conversation = Conversation(conversation_id=self.name(), messages=self.turn())
        self.copies.append(conversation)
        await self.store.save(conversation, scope=self.scope())

    async def load(self) -> None:
        limit = self.random.choice([None, 0, 1, 3, 100])
        if (loaded := await self.store.load(self.name(), limit=limit)) is not None:
            self.copies.append(loaded)

    def copy(self) -> Conversation:
        return self.random.choice(self.copies[-4:] or [Conversation()])

    async def go_on(self) -> None:
        conversation = self.copy()
        conversation.messages += self.turn()
        await self.store.save(conversation)

    async def rewrite(self) -> None:
        conversation = self.copy()
        if conversation.messages:
            at = self.random.randrange(len(conversation.messages))
            conversation.messages[at:] = self.turn()
        await self.store.save(conversation)

    async def branch(self) -> None:
        conversation = self.copy()
        at, entry = self.random.randrange(5), self.random.choice([None, *self.store.seen])
        branched = await self.store.branch(
            conversation.conversation_id,
            at=None if entry else at,
            from_entry=entry,
            expected_revision=conversation.revision,
        )
        self.copies.append(branched)

    async def fork(self) -> None:
        at = self.random.choice([None, 0, 1, 4])
        self.copies.append(
            await self.store.fork(self.name(), at=at, new_conversation_id=self.name())
        )

    async def delete(self) -> None:
        await self.store.delete(self.name(), scope=self.scope())

    async def list(self) -> None:
        await self.store.list_conversations(scope=self.scope(), limit=self.random.choice([None, 2]))

    async def write(self) -> None:
        known = await self.store.memory.read_record(self.name())
        head = self.random.choice([None, "nowhere", *self.store.seen])
        entry = ConversationEntry(parent_id=head, message=self.turn()[0])
        record = ConversationRecord(conversation_id=self.name(), head_id=head)
        is_new = self.random.random() < 0.5 and head != "nowhere"
        if is_new:
            record.head_id = entry.id
            try:
                await self.store.memory.read_history(head)
            except LookupError:
                return
        await self.store.write_record(
            record,
            new_entries=[entry] if is_new else [],
            expected_revision=known.revision if known else None,
        )
