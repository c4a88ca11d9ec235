"""What the server says of a request beside what resolvers say (`resolvers/errors.py`)."""

from resolvers.errors import DomainError, Limited

__all__ = ["Internal", "Limited", "PersistedQueryNotFound", "RateLimited"]


class RateLimited(Limited):
    """The caller asks for more than its share; later, the same request may be let through."""

    def __init__(
        self, message: str, *, limit: str, value: int, allowed: int, retry_after_seconds: int
    ) -> None:
        super().__init__(
            message,
            limit=limit,
            value=value,
            allowed=allowed,
            retryAfterSeconds=retry_after_seconds,
        )
        self.retry_after_seconds = retry_after_seconds


class PersistedQueryNotFound(DomainError):
    """No document is stored under a hash; clients know message and code, and send the text."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class Internal(DomainError):
    """The server failed; the log knows more by the request id."""

    code = "INTERNAL"
