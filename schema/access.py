"""Which scope a field needs: every field says so where it is declared, in its metadata.

`server/operations/access.py` holds operations to it before anything runs.
"""

from typing import Any

from graphql import GraphQLField

from models import Scope


def needs(scope: Scope) -> dict[str, Any]:
    """Give the metadata of a field that needs a scope."""
    return {"scope": scope}


READABLE = needs(Scope.READ)
"""The metadata of a field that whoever may read may read."""


def required_scope(field: GraphQLField) -> Scope | None:
    """Give the scope that a field of the built schema needs; None for those of introspection.

    A field that does not say needs the highest scope there is.
    """
    declared = field.extensions.get("strawberry-definition")
    if declared is None:
        return None
    scope: Scope = declared.metadata.get("scope", Scope.ADMIN)
    return scope
