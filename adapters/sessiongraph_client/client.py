"""An asynchronous client of the API: connections reused, retries that double nothing."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self, TypedDict
from uuid import uuid4
from weakref import WeakKeyDictionary

import httpx2
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from sessiongraph_client.errors import Limited, SessiongraphError, Unavailable
from sessiongraph_client.schema_types import BatchRecordInput

BATCH_LIMIT = 1000
"""The records that one `recordBatch` takes."""
BODY_LIMIT = 10_000_000
"""The bytes of a request that a server takes, unless it is set otherwise."""
_HUNG_UP = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)
_RECORD = """mutation SessiongraphClientRecord($input: RecordBatchInput!) {
  recordBatch(input: $input) { results { id error { code message field } } }
}"""
# as docs/guides/reliability.md of the server asks for
_WAIT = wait_random_exponential(multiplier=0.05, max=1)


class RecordError(TypedDict):
    """Why a record of a partial batch was not recorded."""

    code: str
    message: str
    field: str | None


class BatchResult(TypedDict):
    """What became of a record: its id, or why it was not recorded."""

    id: str | None
    error: RecordError | None


class SessiongraphClient:
    """A client of one server, for one project: that of its API key.

    `url` is the server's address (`http://127.0.0.1:8000`), that of `SESSIONGRAPH_URL` if left out;
    `api_key` that of `SESSIONGRAPH_API_KEY`, and none for a server that asks for none.
    A request is tried again for `retry_seconds` while the server is away or asks to wait; what it
    records is recorded once. The client may be used in several event loops, one after another or
    in threads; each has connections of its own.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        api_key: str | None = None,
        timeout_seconds: float = 60,
        retry_seconds: float = 60,
    ) -> None:
        address = url or os.environ.get("SESSIONGRAPH_URL") or "http://127.0.0.1:8000"
        self._address = address.rstrip("/").removesuffix("/graphql") + "/graphql"
        self._headers = _authorization(api_key or os.environ.get("SESSIONGRAPH_API_KEY"))
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = retry_seconds
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient] = (
            WeakKeyDictionary()
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def with_key(self, api_key: str | None) -> Self:
        """Give a client for that key's project, or without a key, over the same connections."""
        other = copy(self)
        other._headers = _authorization(api_key)  # noqa: SLF001  of the same class
        return other

    async def aclose(self) -> None:
        """Close this event loop's connections. The client opens others if it is used again."""
        if client := self._clients.pop(asyncio.get_running_loop(), None):
            await client.aclose()

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Run a query; give its data.

        Raises `SessiongraphError`, of the class that its code has: `Unavailable` once
        `retry_seconds` are over.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_delay(self._retry_seconds),
            wait=_wait,
            reraise=True,
        )
        result: dict[str, Any] = await retrying(self._send, document, variables)
        return result

    async def mutate(self, document: str, **given: Any) -> dict[str, Any]:
        """Run a mutation whose one variable is `$input`; give its data.

        A retry gets the first answer: the input has the `idempotencyKey` that is given in it, or a
        new one. Raises what `query` raises.
        """
        return await self.query(document, input={"idempotencyKey": str(uuid4()), **given})

    async def record(
        self, records: Sequence[BatchRecordInput], *, partial: bool = False
    ) -> list[BatchResult]:
        """Record by `recordBatch`; return after the commit, with a result for each.

        All of up to 1,000 records are recorded, or none, with `SessiongraphError` raised; of more,
        each thousand by itself, in order. With `partial`, each that can be is recorded, and the
        results tell the errors of the others.
        """
        results: list[BatchResult] = []
        for start in range(0, len(records), BATCH_LIMIT):
            batch = records[start : start + BATCH_LIMIT]
            results += await self.record_batch(batch, partial=partial)
        return results

    async def record_batch(
        self,
        records: Sequence[BatchRecordInput],
        *,
        partial: bool = False,
        idempotency_key: str | None = None,
    ) -> list[BatchResult]:
        """Record 1 to 1,000 records by one `recordBatch`, as `record` does.

        Who keeps the key can repeat the call, also in another process, and gets the first answer.
        """
        key = idempotency_key or str(uuid4())
        data = await self.mutate(_RECORD, idempotencyKey=key, records=records, partial=partial)
        made: list[BatchResult] = data["recordBatch"]["results"]
        return made

    async def _send(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        connections = self._connections()
        request = connections.build_request(
            "POST",
            self._address,
            json={"query": document, "variables": variables},
            headers=self._headers,
        )
        try:
            response = await connections.send(request)
        except httpx2.TransportError as error:
            size = int(request.headers["content-length"])
            if isinstance(error, _HUNG_UP) and size > BODY_LIMIT:
                message = (
                    f"{self._address} hung up on a request of {size:,} bytes; "
                    f"a server takes {BODY_LIMIT:,} unless it is set otherwise."
                )
                raise Limited(message, code="LIMITED") from error
            message = f"There is no answer from {self._address}: {error!r}"
            raise Unavailable(message, code="UNAVAILABLE") from error
        answer = _read(response)
        if errors := answer.get("errors"):
            raise SessiongraphError.of(errors[0])
        data: dict[str, Any] = answer["data"]
        return data

    def _connections(self) -> httpx2.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = httpx2.AsyncClient(timeout=self._timeout_seconds)
        return self._clients[loop]


def _authorization(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _passes(error: BaseException) -> bool:
    return isinstance(error, Unavailable) or _asked_to_wait(error) is not None


def _asked_to_wait(error: BaseException | None) -> float | None:
    if isinstance(error, Limited) and "retryAfterSeconds" in error.extensions:
        return float(error.extensions["retryAfterSeconds"])
    return None


def _wait(state: RetryCallState) -> float:
    asked = _asked_to_wait(state.outcome.exception() if state.outcome else None)
    return (asked or 0) + _WAIT(state)


def _read(response: httpx2.Response) -> dict[str, Any]:
    """Read an answer of the API; what stands between may have answered in its place."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and ("errors" in answer or answer.get("data") is not None):
        return answer
    message = f"{response.url} answered {response.status_code}, and not as a GraphQL server does."
    if response.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        raise Unavailable(message, code="UNAVAILABLE")
    raise SessiongraphError(message)
