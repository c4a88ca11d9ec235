"""Persisted documents: clients send the id of a document that was stored before, not its text.

An id is the SHA-256 of the document's text in UTF-8, in lower-case hexadecimal, with `sha256:`
before it or without:
https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md
"""

import re
from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from execution.bounded_cache import BoundedCache
from models import PersistedDocument
from server.settings import Settings

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def hash_document(text: str) -> bytes:
    """Give the SHA-256 of a document's text."""
    return sha256(text.encode()).digest()


def read_document_id(given: str) -> bytes | None:
    """Give the SHA-256 that an id is of; None for what is no id."""
    found = _ID.fullmatch(given)
    return bytes.fromhex(found[1]) if found else None


class PersistedDocuments:
    """Finds stored documents. Those that were found are kept, since they never change."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._engine = engine
        self._found: BoundedCache[bytes, str] = BoundedCache(
            settings.document_cache_entries, settings.document_cache_characters
        )

    async def find(self, document_hash: bytes) -> str | None:
        """Give the document of a SHA-256; None where none is stored."""
        kept = self._found.get(document_hash)
        if kept is not None:
            return kept
        statement = select(PersistedDocument.document).where(
            PersistedDocument.hash == document_hash
        )
        async with self._engine.connect() as connection:
            document: str | None = await connection.scalar(statement)
        if document is not None:
            self._found.keep(document_hash, document, len(document))
        return document


async def store_documents(connection: AsyncConnection, documents: Iterable[str]) -> int:
    """Store documents that are known to be valid, and say how many were not there before."""
    rows = [
        {"hash": hash_document(text), "document": text}
        # in one order, so that two that store the same at once do not wait for each other
        for text in sorted(set(documents))
    ]
    if not rows:
        return 0
    statement = insert(PersistedDocument).on_conflict_do_nothing()
    stored = await connection.execute(statement.returning(PersistedDocument.hash), rows)
    return len(stored.all())
