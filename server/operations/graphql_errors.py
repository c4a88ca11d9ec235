"""What a client may read in an error: an allow-list; the rest is "Internal error".

::

    DomainError, raised by resolvers                      its own message and code
    graphql-core's errors of documents and variables      BAD_USER_INPUT, without values
    the database is away, busy or too slow                UNAVAILABLE or LIMITED
    anything else                                         INTERNAL, logged with its traceback
"""

from collections.abc import Sequence
from typing import Any

import structlog
from graphql import GraphQLError

from resolvers.errors import DomainError
from server.operations.database_errors import read_database_error
from server.operations.document_errors import read_document_error, root_cause
from server.operations.errors import Internal, Limited

_MAX_MESSAGE_CHARACTERS = 1_000

_log = structlog.get_logger()

FormattedError = dict[str, Any]
"""An error as the GraphQL specification writes it: message, locations, path, extensions."""


def format_errors(
    errors: Sequence[Exception], request_id: str, *, max_errors: int, suggest: bool
) -> list[FormattedError]:
    """Write errors for the client, at most `max_errors` and one that counts the others.

    `suggest` keeps names that graphql-core suggests in the place of unknown ones.
    """
    known: dict[int, DomainError] = {}
    formatted: list[FormattedError] = []
    for error in errors[:max_errors]:
        cause = root_cause(error)
        # one cause may stand behind many errors, such as all rows of a batch
        if id(cause) not in known:
            known[id(cause)] = read_error(error, suggest=suggest)
        formatted.append(format_error(known[id(cause)], request_id, error))
    left_out = len(errors) - max_errors
    if left_out > 0:
        formatted.append(format_error(Limited(f"Errors left out: {left_out:,}."), request_id))
    return formatted


def format_error(
    error: DomainError, request_id: str, located: Exception | None = None
) -> FormattedError:
    """Write one error; `located` knows its place in the document and in the answer."""
    message = error.message
    if len(message) > _MAX_MESSAGE_CHARACTERS:
        message = f"{message[:_MAX_MESSAGE_CHARACTERS]}…"
    formatted: FormattedError = {"message": message}
    if isinstance(located, GraphQLError):
        if located.locations:
            formatted["locations"] = [
                {"line": location.line, "column": location.column} for location in located.locations
            ]
        if located.path:
            formatted["path"] = located.path
    extensions = {"code": error.code, **error.extensions, "requestId": request_id}
    if error.field is not None:
        extensions["field"] = error.field
    formatted["extensions"] = extensions
    return formatted


def read_error(error: Exception, *, suggest: bool = False) -> DomainError:
    """Say what the client may know of an error, and log what it may not."""
    cause = root_cause(error)
    if isinstance(error, GraphQLError):
        document_error = read_document_error(error, suggest=suggest)
        if document_error is not None:
            return document_error
    if isinstance(cause, DomainError):
        return cause
    database_error = read_database_error(cause)
    if database_error is not None:
        _log.warning("database error", code=database_error.code, error=type(cause).__name__)
        return database_error
    _log.error("internal error", exc_info=cause)
    return Internal("Internal error")
