"""What a client may know of the database's failures.

SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from asyncpg import InternalClientError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from resolvers.errors import DomainError, Unavailable
from server.operations.errors import Limited

_QUERY_CANCELED = "57014"
_BUSY = {"40001", "40P01", "55P03"}  # serialization_failure, deadlock_detected, lock_not_available
_AWAY = ("08", "25006", "28", "3D", "53", "57P", "58")
"""Connections, a standby, authorization, no such database, resources, shutdowns, system errors."""


def read_database_error(error: BaseException) -> DomainError | None:
    """Say what a database's failure is for the client; None where the fault is our own."""
    if isinstance(error, PoolTimeoutError):
        return Unavailable("All database connections are in use; try again later.")
    cause, away = error, False
    if isinstance(error, DBAPIError):
        # SQLAlchemy wraps what it was made to say, which wraps what asyncpg said
        cause = getattr(error.orig, "__cause__", None) or error
        away = error.connection_invalidated
    state = str(getattr(cause, "sqlstate", None))
    if away or isinstance(cause, OSError | InternalClientError) or state.startswith(_AWAY):
        return Unavailable("The database is away; try again later.")
    if state in _BUSY:
        return Unavailable("The database is busy; try again.")
    if state == _QUERY_CANCELED:
        return Limited("The database took too long to answer; ask for less at once.")
    return None
