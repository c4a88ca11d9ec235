"""GraphQL requests, read strictly from a JSON body or a query string.

https://http-spec.graphql.org, "Request Parameters"
"""

from typing import Any
from urllib.parse import parse_qs

import orjson

from resolvers.errors import Invalid
from server.operations.graphql_request import GraphQLRequest, read_members

_MAX_PARAMETERS = 20


def read_body(body: bytes | bytearray) -> GraphQLRequest:
    """Read a POST request's JSON. Raises `Invalid`."""
    members = _read_json(body, "The body")
    if isinstance(members, list):
        raise Invalid("Send one request at a time; arrays of requests are not supported.")
    if not isinstance(members, dict):
        raise Invalid("The body must be a JSON object with a `query` or a `documentId`.")
    return read_members(members, len(body))


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
    return read_members(members, len(query_string))


def _read_json(text: bytes | bytearray | str, what: str, field: str | None = None) -> Any:
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{what} must be JSON (RFC 8259) in UTF-8.", field=field) from error
