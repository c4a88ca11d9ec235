"""What can be wrong with a request, as the resolvers say it.

::

    DomainError
    ├── Invalid          the input cannot be right, whatever is stored  (BAD_USER_INPUT)
    ├── NotFound         no such object in this project                 (NOT_FOUND)
    ├── Conflict         it contradicts what is stored                  (CONFLICT)
    ├── Unauthenticated  no key or token, or none that is good       (UNAUTHENTICATED)
    ├── Forbidden        the key or the server's settings forbid it     (FORBIDDEN)
    ├── Limited          it asks for more than is given at once         (LIMITED)
    └── Unavailable      the database or a token's issuer is away       (UNAVAILABLE)

A message names the fix. It never echoes a value, SQL or a stack trace: everything in a
`DomainError` is read by the client.
"""

from typing import Any, ClassVar, Self


class DomainError(Exception):
    """An error that the client may read.

    `field` is the path of the input at fault in the client's spelling (`toolCalls.0.toolName`),
    None where no single input is. `extensions` are further facts, such as a current revision.
    """

    code: ClassVar[str]

    def __init__(self, message: str, *, field: str | None = None, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.extensions = extensions

    def within(self, place: str) -> Self:
        """Give the same error of an input that stands at a place of another (`records.3`)."""
        field = place if self.field is None else f"{place}.{self.field}"
        return type(self)(self.message, field=field, **self.extensions)


class Invalid(DomainError):
    """The input cannot be right, whatever is stored."""

    code = "BAD_USER_INPUT"


class NotFound(DomainError):
    """There is no such object in this project."""

    code = "NOT_FOUND"


class Conflict(DomainError):
    """The input contradicts what is stored."""

    code = "CONFLICT"


class Unauthenticated(DomainError):
    """The request has no API key or token, or none that is good."""

    code = "UNAUTHENTICATED"


class Forbidden(DomainError):
    """The key's scopes or the server's settings do not allow it."""

    code = "FORBIDDEN"


class Limited(DomainError):
    """The request asks for more than the server gives at once."""

    code = "LIMITED"


class Unavailable(DomainError):
    """The database, or a token's issuer, did not answer; the same may succeed later."""

    code = "UNAVAILABLE"
