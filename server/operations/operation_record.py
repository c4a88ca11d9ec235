"""What is known of one operation: for the log, and for metrics."""

from collections.abc import Mapping
from typing import Any

from resolvers.database_use import DatabaseUse


class OperationRecord(DatabaseUse):
    """An operation as the log sees it: nothing that its sender wrote but its name."""

    name: str | None = None
    kind: str | None = None
    """`query`, `mutation` or `subscription`; None until the document was read."""
    caller: str | None = None
    """The name of the caller's key."""
    cost: int | None = None
    """Objects that it could return at most; None until it was worked out."""
    errors: int = 0
    code: str | None = None
    """`extensions.code` of the first error."""
    limit: str | None = None
    """`extensions.limit` of the first error: the limit that it went over."""
    document: str | None = None
    """The text, of which the log gets the SHA-256 and no more; None until it was found."""
    sent_bytes: int = 0
    """Of the answer."""
    started: float | None = None
    """When the document was looked for, by `perf_counter`: a whole request had arrived."""
    ended: float | None = None
    """When the answer was written, before it was sent."""
    waited_to_begin: float = 0
    """Seconds that a query waited, as it was asked to, before it ran."""

    @property
    def seconds(self) -> float | None:
        """How long it took, without the time that it was to wait, or the client took.

        None where it did not come so far, and for a subscription: its client ends it.
        """
        if self.started is None or self.ended is None or self.kind == "subscription":
            return None
        return self.ended - self.started - self.waited_to_begin

    @property
    def facts(self) -> dict[str, Any]:
        """What each of the operation's lines in the log tells."""
        return {
            "operation": self.name,
            "kind": self.kind,
            "key": self.caller,
            "cost": self.cost,
            "statements": self.statements,
            "errors": self.errors,
            "code": self.code,
        }

    def fail(self, error: Mapping[str, Any], count: int = 1) -> None:
        """Note the first of the errors, as the client is told it, and how many there are."""
        self.errors = count
        self.code = error["extensions"]["code"]
        self.limit = error["extensions"].get("limit")
