"""A small schema that can go wrong in every way, and its endpoint: no database is needed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType

import httpx2
import orjson
import strawberry
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.routing import Router
from starlette.types import ASGIApp
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from resolvers.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.app import serve_graphql
from server.backend import Backend
from server.caller import Caller
from server.http.request_record import RequestRecorder
from server.http.web_pages import WebPages
from server.metrics import Metrics
from server.open_streams import CHECK_SECONDS, OpenStreams
from server.operations.operation_log import OperationLog
from server.operations.operation_metrics import OperationMetrics
from server.operations.operation_runner import OperationRunner
from server.settings import Settings

PATH = "/srv/secret/path.py"
REVOKED: set[object] = set()
"""Keys that were revoked."""


def _read_even(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"secret {value!r}")
    if value % 2:
        raise Invalid("Give an even number.")
    return value


Even = NewType("Even", int)
Raw = NewType("Raw", object)
_SCALARS: dict[object, ScalarDefinition] = {
    Even: strawberry.scalar(name="Even", serialize=int, parse_value=_read_even),
    Raw: strawberry.scalar(
        name="Raw", serialize=lambda value: value, parse_value=lambda value: value
    ),
}


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class ToyContext:
    """What the toy's mutations did."""

    written: list[str] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    proceed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


Info = strawberry.Info[ToyContext, None]


@strawberry.type
class Thing:
    id: strawberry.ID

    @strawberry.field
    def name(self) -> str:
        return f"thing {self.id}"

    @strawberry.field
    def things(self, first: int | None = None, last: int | None = None) -> "ThingConnection":
        return ThingConnection(size=_size(first, last))


@strawberry.type
class ThingConnection:
    size: strawberry.Private[int]

    @strawberry.field
    def nodes(self) -> list[Thing]:
        return [Thing(id=strawberry.ID(str(number))) for number in range(self.size)]


@strawberry.type
class FailingThing:
    @strawberry.field
    def name(self) -> str | None:
        raise FAILURES["bug"]


def _size(first: int | None, last: int | None) -> int:
    size = first if first is not None else last
    if size is not None and not 0 <= size <= 200:
        raise Invalid("`first` must be between 0 and 200.", field="first")
    return 20 if size is None else size


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def integer(self, value: int) -> int:
        return value

    @strawberry.field
    def even(self, value: Even) -> Even:
        return value

    @strawberry.field
    def colour(self, value: Colour) -> Colour:
        return value

    @strawberry.field
    def raw(self, value: Raw) -> Raw:
        return value

    @strawberry.field
    def row(self) -> Raw:
        text = orjson.Fragment(b'{"z": 1.10, "a": 12345678901234567890}')
        return Raw({"time": datetime(2026, 1, 31, tzinfo=UTC), "json": text})

    @strawberry.field
    def lines(self) -> Raw:
        return Raw(orjson.Fragment(b'{\n"a":\r\n1\r}'))

    @strawberry.field
    def things(self, first: int | None = None, last: int | None = None) -> ThingConnection:
        return ThingConnection(size=_size(first, last))

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Thing]:
        return [Thing(id=id_) for id_ in ids]

    @strawberry.field
    def fails(self, how: str) -> str | None:
        raise FAILURES[how]

    @strawberry.field
    def must_not_fail(self) -> str:
        raise NotFound("No such thing.", field="id")

    @strawberry.field
    def failing_things(self, count: int) -> list[FailingThing | None]:
        return [FailingThing() for _ in range(count)]

    @strawberry.field
    def unwritable(self) -> Raw:
        return Raw(object())

    @strawberry.field
    async def waits(self, info: Info) -> str:
        info.context.started.set()
        await info.context.proceed.wait()
        return "done"


FAILURES: dict[str, Exception] = {
    "bug": ZeroDivisionError(f"SELECT secret FROM {PATH}"),
    "conflict": Conflict("It changed.", field="expectedRevision", currentRevision=3),
    "database": ConnectionRefusedError(f"secret {PATH}"),
    "pool": PoolTimeoutError("secret"),
}


@strawberry.input
class NestedInput:
    count: int
    colours: list[Colour] = strawberry.field(default_factory=list)


@strawberry.input
class WriteInput:
    text: str
    even: Even | None = None
    nested: list[NestedInput] | None = None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(
        self, info: Info, given: Annotated[WriteInput, strawberry.argument(name="input")]
    ) -> str | None:
        info.context.written.append(given.text)
        return given.text

    @strawberry.mutation
    async def write_slowly(self, info: Info, text: str) -> str | None:
        info.context.started.set()
        await info.context.proceed.wait()
        info.context.written.append(text)
        return text


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, to: int = 1) -> AsyncIterator[int]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def things(self, to: int = 1) -> AsyncIterator[Thing]:
        for number in range(to):
            yield Thing(id=strawberry.ID(str(number)))

    @strawberry.subscription
    async def follow(self, info: Info) -> AsyncIterator[str]:
        """Yield once at the start, and once when `proceed` is set."""
        try:
            info.context.started.set()
            yield "started"
            await info.context.proceed.wait()
            yield "done"
        finally:
            info.context.ended.set()

    @strawberry.subscription
    async def flood(self, size: int) -> AsyncIterator[str]:
        while True:
            yield "x" * size
            await asyncio.sleep(0)

    @strawberry.subscription
    async def breaks(self, at_start: bool = False) -> AsyncIterator[FailingThing]:
        if at_start:
            raise FAILURES["bug"]
        yield FailingThing()
        raise FAILURES["bug"]


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=_SCALARS),
)


def toy_app(
    context: ToyContext | None = None,
    *,
    streams: OpenStreams | None = None,
    pages: WebPages | None = None,
    check_seconds: float = CHECK_SECONDS,
    **settings: Any,
) -> ASGIApp:
    """The toy behind the real transports.

    `Authorization: no` is refused, `broken` fails, and any other text is the caller's key, which is
    valid until it is in `REVOKED`.
    """
    made = Settings(**settings)

    async def authenticate(authorization: str | None) -> Caller:
        if authorization == "no":
            raise Unauthenticated("Send an API key.")
        if authorization == "broken":
            raise ConnectionRefusedError(PATH)
        return Caller(1, identity=authorization, name=authorization)

    async def still_valid(caller: Caller) -> bool:
        return caller.identity not in REVOKED

    def context_for(_caller: Caller) -> ToyContext:
        return context or ToyContext()

    async def find_document(_hash: bytes) -> None:
        return None

    runner = OperationRunner(schema, find_document, made)
    log = OperationLog(OperationMetrics(Metrics()), made.slow_operation_seconds)
    backend = Backend(runner, authenticate, context_for, still_valid, log, made, check_seconds)
    if streams is None:
        streams = OpenStreams(made)
    pages = pages or WebPages()
    return RequestRecorder(serve_graphql(backend, streams, pages, Router(pages.routes)), log)


def toy_client(
    context: ToyContext | None = None, *, pages: WebPages | None = None, **settings: Any
) -> httpx2.AsyncClient:
    """A client of the toy."""
    transport = httpx2.ASGITransport(app=toy_app(context, pages=pages, **settings))
    return httpx2.AsyncClient(transport=transport, base_url="http://testserver")
