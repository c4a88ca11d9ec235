"""GraphQL requests: the members of a request's JSON, whatever brought them.

https://http-spec.graphql.org, "Request Parameters", and "Persisted Documents" in its appendix
"""

from dataclasses import dataclass
from typing import Any

from resolvers.errors import Invalid
from server.persisted_documents import hash_document, read_document_id


@dataclass(frozen=True, slots=True)
class DocumentReference:
    """What stands in a request for a persisted document.

    `hash` is its SHA-256. `is_persisted_query` tells Apollo's form of reference, whose clients
    send the text when they hear that the document is not there.
    """

    hash: bytes
    is_persisted_query: bool


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client asks for, with members of the right types and nothing checked beyond."""

    document: str | DocumentReference
    operation_name: str | None
    variables: dict[str, Any]
    size: int = 0
    """Bytes of the JSON that it came as."""
    wants_cost: bool = False
    """Whether the answer's `extensions.cost` is asked for, by the request's `extensions.cost`."""


def read_members(members: dict[str, Any], size: int) -> GraphQLRequest:
    """Read a request's members, which came as so many bytes. Raises `Invalid`."""
    for name in ("variables", "extensions"):
        if not isinstance(members.get(name), dict | None):
            raise Invalid(f"`{name}` must be an object or null.", field=name)
    operation_name = members.get("operationName")
    if not isinstance(operation_name, str | None):
        raise Invalid("`operationName` must be a string or null.", field="operationName")
    document = _read_document(members)
    variables = members.get("variables") or {}
    return GraphQLRequest(document, operation_name or None, variables, size, _wants_cost(members))


def _wants_cost(members: dict[str, Any]) -> bool:
    asked = (members.get("extensions") or {}).get("cost")
    if not isinstance(asked, bool | None):
        raise Invalid("`extensions.cost` must be a boolean or null.", field="extensions.cost")
    return bool(asked)


def _read_document(members: dict[str, Any]) -> str | DocumentReference:
    reference = _read_reference(members)
    text = members.get("query")
    if text is None and reference is not None:
        return reference
    if not isinstance(text, str):
        raise Invalid(
            "`query` must be a string: a GraphQL document. Or give the `documentId` of a persisted "
            "one in its place.",
            field="query",
        )
    if reference is not None and reference.hash != hash_document(text):
        raise Invalid(
            "The hash is not the SHA-256 of `query` in UTF-8; send one of them.", field="query"
        )
    return text


def _read_reference(members: dict[str, Any]) -> DocumentReference | None:
    by_id = by_hash = None
    if members.get("documentId") is not None:
        by_id = _read_hash(members["documentId"], "documentId")
    persisted_query = (members.get("extensions") or {}).get("persistedQuery")
    if persisted_query is not None:
        field = "extensions.persistedQuery"
        if not isinstance(persisted_query, dict):
            raise Invalid(f"`{field}` must be an object or null.", field=field)
        version = persisted_query.get("version")
        if type(version) is not int or version != 1:
            raise Invalid(f"`{field}.version` must be 1.", field=f"{field}.version")
        by_hash = _read_hash(persisted_query.get("sha256Hash"), f"{field}.sha256Hash")
        if by_id is not None and by_id != by_hash:
            raise Invalid("`documentId` and the persisted query differ; send one.", field=field)
    found = by_id or by_hash
    if found is None:
        return None
    return DocumentReference(found, is_persisted_query=by_hash is not None)


def _read_hash(given: Any, field: str) -> bytes:
    """Read an id of a document; it may have the prefix in both forms."""
    found = read_document_id(given) if isinstance(given, str) else None
    if found is None:
        raise Invalid(
            f"`{field}` must be the SHA-256 of the document's text in UTF-8, as 64 lower-case "
            "hexadecimal digits.",
            field=field,
        )
    return found
