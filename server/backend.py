"""What every transport of /graphql runs operations with."""

from dataclasses import dataclass

from server.caller import Authenticate, Caller, ContextFor
from server.open_streams import CHECK_SECONDS, StillValid
from server.operations.graphql_errors import read_error
from server.operations.operation_log import OperationLog
from server.operations.operation_runner import OperationRunner
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Backend:
    """The same for all requests and connections of a process."""

    runner: OperationRunner
    authenticate: Authenticate
    context_for: ContextFor
    still_valid: StillValid
    log: OperationLog
    settings: Settings
    check_seconds: float = CHECK_SECONDS
    """How often it is asked whether who holds a connection open may keep it."""

    async def may_stay(self, caller: Caller) -> bool:
        """Whether a caller may keep its connection open; what cannot be told ends none."""
        try:
            return await self.still_valid(caller)
        except Exception as error:  # noqa: BLE001  a database that is away revokes no key
            read_error(error)
            return True
