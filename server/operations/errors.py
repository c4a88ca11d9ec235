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


_RETRY_SECONDS = 5


def check_room(what: str, value: int, allowed: int, *, advice: str) -> None:
    """Refuse one more of what there are as many of as are allowed. Raises `RateLimited`."""
    if value >= allowed:
        raise RateLimited(
            f"There are too many {what}: {allowed:,} are allowed. {advice}",
            limit=what.removeprefix("open "),
            value=value + 1,
            allowed=allowed,
            retry_after_seconds=_RETRY_SECONDS,
        )


class PersistedQueryNotFound(DomainError):
    """No document is stored under a hash; clients know message and code, and send the text."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class Internal(DomainError):
    """The server failed; the log knows more by the request id."""

    code = "INTERNAL"
