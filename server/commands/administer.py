"""How commands that administer the store run: in one transaction, refusals as one line."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.errors import DomainError
from server.commands import tell
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

Result = TypeVar("Result")


def administer(work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Do something to the store in one transaction. Raises `OperatorError` where it refuses."""

    async def run() -> Result:
        async with open_store(Settings(), tell) as engine, engine.begin() as connection:
            return await work(connection)

    with refusals_told():
        return asyncio.run(run())


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell the operator what was refused, and why, as one line."""
    try:
        yield
    except DomainError as error:
        raise OperatorError(error.message) from error
