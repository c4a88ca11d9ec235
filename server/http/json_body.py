"""GraphQL requests, read strictly from a JSON body or a query string.

https://http-spec.graphql.org, "Request Parameters", and "Persisted Documents" in its appendix
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from resolvers.errors import Invalid
from server.persisted_documents import hash_document, read_document_id

_MAX_PARAMETERS = 20


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


def read_body(body: bytes | bytearray) -> GraphQLRequest:
    """Read a POST request's JSON. Raises `Invalid`."""
    members = _read_json(body, "The body")
    if isinstance(members, list):
        raise Invalid("Send one request at a time; arrays of requests are not supported.")
    if not isinstance(members, dict):
        raise Invalid("The body must be a JSON object with a `query` or a `documentId`.")
    return _read_members(members)


def read_query_string(query_string: bytes) -> GraphQLRequest:
    """Read a GET request's parameters. Raises `Invalid`."""
    try:
        parameters = parse_qs(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError as error:
        raise Invalid(
            f"The URL's query must be UTF-8, percent-encoded, of {_MAX_PARAMETERS} parameters "
            "at most."
        ) from error
    members: dict[str, Any] = {}
    for name in ("query", "documentId", "operationName", "variables", "extensions"):
        values = parameters.get(name, [])
        if len(values) > 1:
            raise Invalid(f"Give `{name}` once.", field=name)
        if values and (values[0] or name == "query"):
            is_json = name in ("variables", "extensions")
            members[name] = _read_json(values[0], f"`{name}`", name) if is_json else values[0]
    return _read_members(members)


def _read_json(text: bytes | bytearray | str, what: str, field: str | None = None) -> Any:
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{what} must be JSON (RFC 8259) in UTF-8.", field=field) from error


def _read_members(members: dict[str, Any]) -> GraphQLRequest:
    for name in ("variables", "extensions"):
        if not isinstance(members.get(name), dict | None):
            raise Invalid(f"`{name}` must be an object or null.", field=name)
    operation_name = members.get("operationName")
    if not isinstance(operation_name, str | None):
        raise Invalid("`operationName` must be a string or null.", field="operationName")
    document = _read_document(members)
    return GraphQLRequest(document, operation_name or None, members.get("variables") or {})


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
