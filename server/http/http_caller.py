"""Finds who sends an HTTP request."""

from asyncio import sleep

from resolvers.errors import Unauthenticated
from server.caller import Authenticate, Caller
from server.http.refusals import refusal_of
from server.http.request_record import RequestRecord, authorization_of
from server.operations.graphql_errors import read_error
from server.operations.shares import REFUSAL_PAUSE_SECONDS


async def find_caller(authenticate: Authenticate, record: RequestRecord) -> Caller:
    """Find the caller, and note it in the request's record. Raises `Refusal`."""
    header = authorization_of(record.headers)
    try:
        caller = await authenticate(header)
    except Unauthenticated as error:
        if header is not None:
            await sleep(REFUSAL_PAUSE_SECONDS)
        raise refusal_of(error) from error
    except Exception as error:
        raise refusal_of(read_error(error)) from error
    record.operation.caller = caller.name
    return caller
