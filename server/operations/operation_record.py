"""What is known of one operation: for the log, and for metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class OperationRecord:
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
