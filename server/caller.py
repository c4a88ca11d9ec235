"""Who sends a request, as authentication found out."""

from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request may do, and whose it is."""

    project_id: int
    scopes: frozenset[Scope] = frozenset(Scope)
    identity: Hashable = None
    """What limits are counted by: the prefix of a key, or a token's issuer and subject; None where
    no key is needed."""
    name: str | None = None
    """What the log calls it: the name of the key, or the token's subject."""
    expires_at: datetime | None = None
    """When the key or the token ends; None where it does not."""


Authenticate = Callable[[str | None], Coroutine[Any, Any, Caller]]
"""Finds the caller by the Authorization header. Raises `DomainError` to refuse the request."""

ContextFor = Callable[[Caller], Any]
"""Makes the context of one operation."""
