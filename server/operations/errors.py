"""What the server says of a request beside what resolvers say (`resolvers/errors.py`)."""

from resolvers.errors import DomainError


class Limited(DomainError):
    """The request asks for more than the server gives at once."""

    code = "LIMITED"


class PersistedQueryNotFound(DomainError):
    """No document is stored under a hash; clients know message and code, and send the text."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class Internal(DomainError):
    """The server failed; the log knows more by the request id."""

    code = "INTERNAL"
