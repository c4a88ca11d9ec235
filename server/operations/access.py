"""Holds an operation to the scopes of its caller, before anything runs.

What each field needs is declared with it (`schema/access.py`). A field counts wherever it stands,
also behind a directive that leaves it out.
"""

from models import Scope
from resolvers.errors import Forbidden
from server.caller import Caller
from server.operations.document_walk import Measure

_MAX_NAMED = 5


def check_scopes(measure: Measure, caller: Caller) -> None:
    """Raise `Forbidden` unless the caller has every scope that the operation's fields need."""
    for scope, fields in measure.fields_by_scope.items():
        if scope not in caller.scopes:
            named = ", ".join(f"`{name}`" for name in list(fields)[:_MAX_NAMED])
            named += ", …" if len(fields) > _MAX_NAMED else ""
            need = "needs" if len(fields) == 1 else "need"
            has = ", ".join(f"`{each}`" for each in Scope if each in caller.scopes) or "none"
            what = "key" if isinstance(caller.identity, str) else "token"
            raise Forbidden(f"{named} {need} the scope `{scope}`; this {what} has {has}.")
