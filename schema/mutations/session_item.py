"""Mutations that put and delete session items."""

import strawberry

from resolvers.session import SESSION
from resolvers.session_item import (
    MOST_KEYS,
    SESSION_ITEM,
    IfExists,
    delete_session_items,
    put_session_item,
)
from schema.enums import describe
from schema.fields import one, value
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.session import Session
from schema.session_item import SessionItem

describe(
    IfExists,
    "What becomes of an item that is there already.",
    REPLACE="It gets the new value and metadata.",
    KEEP="It stays as it is.",
)


@strawberry.input(description="A document that a framework keeps for a session.")
class PutSessionItemInput(RecordingInput):
    """A document and the key that it is kept under."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")
    collection: str = required(
        "What kind of thing it is, by the framework's own name for it, such as "
        "`pydantic_ai.entries`; 1 to 512 characters."
    )
    key: str = required(
        "Its name, unique in the session and collection; 1 to 512 characters. Both names together "
        "have 2,048 bytes at most as UTF-8."
    )
    value: JSON = required(
        "The document, which comes back to the letter; must not be null, but may hold nulls."
    )
    metadata: JSON | None = optional("What to find it by: an object; {} if left out.")
    if_exists: IfExists = strawberry.field(
        default=IfExists.REPLACE, description="What becomes of an item that is there already."
    )
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the item is at this revision; 0 for none yet."
    )


@strawberry.type(description="The item as it is now.")
class PutSessionItemPayload(Payload):
    """The answer of putSessionItem."""

    session_item: SessionItem | None = one(
        SESSION_ITEM, "session_item", "The item; null if deleted since."
    )
    changed: bool = value(
        "changed", "False if the item was there with the same value and metadata, or was kept."
    )


@strawberry.input(description="The items to delete.")
class DeleteSessionItemsInput(RecordingInput):
    """Which items go."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")
    collection: str = required("The collection.")
    keys: list[str] | None = optional(
        f"The keys of the items, at most {MOST_KEYS:,}; those that are not there are passed over. "
        "All of the collection if left out or null."
    )


@strawberry.type(description="What was deleted.")
class DeleteSessionItemsPayload(Payload):
    """The answer of deleteSessionItems."""

    deleted_count: int = value("deleted_count", "How many items went.")
    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")


@strawberry.type
class SessionItemMutation:
    """The mutations of session items."""

    put_session_item: PutSessionItemPayload | None = mutation(
        put_session_item,
        PutSessionItemInput,
        PutSessionItemPayload,
        "Keep a document for a session under a key, in the place of the one before. The same "
        "document again changes nothing. It makes no event in the session's feed.",
    )
    delete_session_items: DeleteSessionItemsPayload | None = mutation(
        delete_session_items,
        DeleteSessionItemsInput,
        DeleteSessionItemsPayload,
        "Delete items of a collection of a session for good. Their numbers are not given again.",
    )
