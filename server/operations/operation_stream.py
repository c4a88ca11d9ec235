"""The outcomes of an operation of any kind, one after another."""

from asyncio import sleep
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

from graphql import OperationType

from resolvers.errors import Unavailable
from server.operations.answer import Outcome
from server.operations.database_errors import read_database_error
from server.operations.document_cache import InvalidDocument
from server.operations.document_errors import root_cause
from server.operations.errors import RateLimited
from server.operations.operation_runner import OperationRunner, ReadyOperation, SourceEvents
from server.operations.shares import REFUSAL_PAUSE_SECONDS

T = TypeVar("T")

_RETRY_SECONDS = 0.5


async def attempt(work: Coroutine[Any, Any, T]) -> T | Outcome:
    """Do some work; what goes wrong is an outcome that was not executed."""
    try:
        return await work
    except InvalidDocument as invalid:
        return Outcome(invalid.errors)
    except RateLimited as error:
        await sleep(REFUSAL_PAUSE_SECONDS)
        return Outcome([error])
    except Exception as error:  # noqa: BLE001  the client is told what it may know of it
        return Outcome([error])


async def stream_outcomes(
    runner: OperationRunner,
    ready: ReadyOperation,
    make_context: Callable[[], Any],
    executing: AbstractAsyncContextManager[Any, Any] | None = None,
) -> AsyncGenerator[Outcome, None]:
    """Give the outcome of a query or mutation, or one for each event of a subscription.

    One that was not executed is the last. Each event has a context of its own, and is executed
    within the time that a request may take; since it comes only once, it waits while the database
    is away or the caller's budget is used up. `executing` is entered for each outcome, and left
    when the next one is asked for: so what waits to be sent can be bounded.
    """
    executing = executing or nullcontext()
    context = make_context()
    refused = await attempt(runner.within_time(runner.wait(ready, context)))
    async with executing:
        if refused is not None:
            yield refused
            return
        started = await attempt(runner.within_time(_start(runner, ready, context)))
        if isinstance(started, Outcome):
            yield started
            return
    runner.subscriptions += 1
    try:
        async for event in started:
            is_shown = False
            while not is_shown:
                async with executing:
                    work = runner.run(ready, make_context(), event)
                    outcome = await attempt(runner.within_time(work))
                    is_shown = not any(_passes(error) for error in outcome.errors)
                    if is_shown:
                        yield outcome
                if not is_shown:
                    await sleep(_RETRY_SECONDS)
            if not outcome.executed:
                return
    except Exception as error:  # noqa: BLE001  as above
        yield Outcome([error])
    finally:
        runner.subscriptions -= 1
        if isinstance(started, AsyncGenerator):
            await started.aclose()


def _passes(error: Exception) -> bool:
    """Whether an error would not be there at a later time."""
    cause = root_cause(error)
    told = read_database_error(cause) or cause
    return isinstance(told, Unavailable | RateLimited)


async def _start(
    runner: OperationRunner, ready: ReadyOperation, context: Any
) -> Outcome | SourceEvents:
    if ready.operation.node.operation is OperationType.SUBSCRIPTION:
        return await runner.subscribe(ready, context)
    return await runner.run(ready, context)
