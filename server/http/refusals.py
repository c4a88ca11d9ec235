"""Why a request gets no data, and the HTTP status that says so."""

from collections.abc import Mapping

from resolvers.errors import DomainError, Unauthenticated
from server.operations.errors import RateLimited

STATUS_OF_CODE: Mapping[str, int] = {
    "BAD_USER_INPUT": 400,
    "LIMITED": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "PERSISTED_QUERY_NOT_FOUND": 404,
    "CONFLICT": 409,
    "UNAVAILABLE": 503,
    "INTERNAL": 500,
}
"""The status of a response without data, by `extensions.code`."""


def status_of(error: DomainError) -> int:
    """Give the status of a request that is refused before it is read as GraphQL."""
    return 429 if isinstance(error, RateLimited) else STATUS_OF_CODE[error.code]


class Refusal(Exception):
    """A request that is refused as HTTP, before it is read as GraphQL."""

    def __init__(
        self, status: int, error: DomainError, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error
        self.headers = headers or {}


def refusal_of(error: DomainError) -> Refusal:
    """Refuse a request for an error, with the headers that tell the client what to do."""
    headers = {}
    if isinstance(error, Unauthenticated):
        headers = {"www-authenticate": "Bearer"}
    if isinstance(error, RateLimited):
        headers = {"retry-after": str(error.retry_after_seconds)}
    return Refusal(status_of(error), error, headers)
