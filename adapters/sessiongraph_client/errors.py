"""What the server can answer beside data, by the `code` of its errors.

::

    SessiongraphError
    ├── InvalidInput     BAD_USER_INPUT: the input cannot be right
    ├── NotFound         NOT_FOUND: no such object in the key's project
    ├── Conflict         CONFLICT: it contradicts what is stored
    ├── Unauthenticated  UNAUTHENTICATED: no key, or none that is good
    ├── Forbidden        FORBIDDEN: the key's scopes do not allow it
    ├── Limited          LIMITED: it asks for more than is given at once
    └── Unavailable      UNAVAILABLE, or no answer: the same may succeed later
"""

from collections.abc import Mapping
from typing import Any


class SessiongraphError(Exception):
    """An error that the server told.

    `code` is the error's code, "" where it has none; `field` is the path of the input at fault
    (`records.3.recordMessage.toolCalls.0`), None where no single input is; `extensions` are the
    further facts that the server gave, such as the revision that is stored.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        field: str | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message if field is None else f"{field}: {message}")
        self.message = message
        self.code = code
        self.field = field
        self.extensions = dict(extensions or {})

    @classmethod
    def of(cls, error: Mapping[str, Any]) -> "SessiongraphError":
        """Make the error of its code from an entry of an answer's `errors`."""
        extensions = dict(error.get("extensions") or {})
        code = extensions.pop("code", "")
        field = extensions.pop("field", None)
        made = _BY_CODE.get(code, SessiongraphError)
        return made(error.get("message", ""), code=code, field=field, extensions=extensions)


class InvalidInput(SessiongraphError):
    """The input cannot be right, whatever is stored."""


class NotFound(SessiongraphError):
    """There is no such object in the key's project."""


class Conflict(SessiongraphError):
    """The input contradicts what is stored."""


class Unauthenticated(SessiongraphError):
    """The request has no API key, or none that is good."""


class Forbidden(SessiongraphError):
    """The key's scopes do not allow it."""


class Limited(SessiongraphError):
    """The request asks for more than the server gives at once."""


class Unavailable(SessiongraphError):
    """The server or its database did not answer; the same may succeed later."""


_BY_CODE: dict[str, type[SessiongraphError]] = {
    "BAD_USER_INPUT": InvalidInput,
    "NOT_FOUND": NotFound,
    "CONFLICT": Conflict,
    "UNAUTHENTICATED": Unauthenticated,
    "FORBIDDEN": Forbidden,
    "LIMITED": Limited,
    "UNAVAILABLE": Unavailable,
}
