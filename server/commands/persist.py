"""`sessiongraph persist`: store the documents that clients run by their id."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer
from graphql import GraphQLError
from pydantic import BaseModel, TypeAdapter, ValidationError

from resolvers.errors import DomainError
from schema import schema
from server.commands import tell
from server.operations.document_cache import DocumentCache, InvalidDocument
from server.operator_error import OperatorError
from server.persisted_documents import hash_document, read_document_id, store_documents
from server.settings import Settings
from server.store import open_store


class _ApolloOperation(BaseModel):
    id: str
    body: str


class _ApolloManifest(BaseModel):
    format: Literal["apollo-persisted-query-manifest"]
    version: Literal[1]
    operations: list[_ApolloOperation]


_MANIFEST = TypeAdapter(_ApolloManifest | dict[str, str])


def persist(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="GraphQL documents, or JSON manifests of them."),
    ],
) -> None:
    """Store trusted documents, so that clients may send their SHA-256 in place of the text.

    A FILE is a .graphql document, or the .json manifest that relay-compiler, graphql-codegen or
    Apollo wrote. All are stored or, if one is wrong, none. Running it again adds nothing.
    """
    settings = Settings()
    documents = {file: _read(file) for file in files}
    # Strawberry has no public way to the schema that graphql-core validates against
    cache = DocumentCache(schema._schema, settings)  # noqa: SLF001
    for file, texts in documents.items():
        for text in texts:
            _check(cache, file, text)
    distinct = {text for texts in documents.values() for text in texts}
    new = asyncio.run(_store(settings, distinct))
    for file, texts in documents.items():
        if _is_document(file):
            typer.echo(f"sha256:{hash_document(texts[0]).hex()} {file}")
    typer.echo(f"{new} documents stored; {len(distinct) - new} were there already.")


async def _store(settings: Settings, documents: set[str]) -> int:
    async with open_store(settings, tell) as engine, engine.begin() as connection:
        return await store_documents(connection, documents)


def _is_document(file: Path) -> bool:
    return file.suffix in {".graphql", ".gql"}


def _read(file: Path) -> list[str]:
    """Give the documents of a file."""
    if not (_is_document(file) or file.suffix == ".json"):
        raise OperatorError(f"{file}: Give a .graphql document or a .json manifest.")
    if not file.is_file():
        raise OperatorError(f"There is no file {file}.")
    content = file.read_bytes()
    return [_decode(file, content)] if _is_document(file) else _read_manifest(file, content)


def _decode(file: Path, content: bytes) -> str:
    # what reads files as text changes line ends, and with them the hash
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise OperatorError(f"{file}: Must be UTF-8.") from error


def _read_manifest(file: Path, content: bytes) -> list[str]:
    try:
        manifest = _MANIFEST.validate_json(content)
    except ValidationError as error:
        raise OperatorError(
            f"{file}: Must be JSON, and a map of documents by their SHA-256, as relay-compiler and "
            "graphql-codegen write, or version 1 of Apollo's manifest."
        ) from error
    if isinstance(manifest, _ApolloManifest):
        entries = [(operation.id, operation.body) for operation in manifest.operations]
    else:
        entries = list(manifest.items())
    for document_id, text in entries:
        if read_document_id(document_id) != hash_document(text):
            raise OperatorError(
                f"{file}: The id {document_id[:80]} is not the SHA-256 of its document. Set "
                '`"algorithm": "SHA256"` in the persistConfig of relay-compiler or '
                "`hashAlgorithm: 'sha256'` in the persistedDocuments of graphql-codegen, and "
                "write the manifest again."
            )
    return [text for _, text in entries]


def _check(cache: DocumentCache, file: Path, text: str) -> None:
    """Refuse what the server would refuse to run."""
    where = str(file) if _is_document(file) else f"{file}: {hash_document(text).hex()}"
    if "\x00" in text:  # which GraphQL allows in a comment, and PostgreSQL nowhere
        raise OperatorError(f"{where}: Must not hold NUL.")
    error: DomainError | GraphQLError
    try:
        cache.prepare(text)
    except InvalidDocument as invalid:
        error = invalid.errors[0]
    except (DomainError, GraphQLError) as raised:
        error = raised
    else:
        return
    if isinstance(error, GraphQLError) and error.locations:
        where += f":{error.locations[0].line}:{error.locations[0].column}"
    raise OperatorError(f"{where}: {error.message}")
