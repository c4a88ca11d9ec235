"""A client that sends each mutation, with one key, until it is acknowledged."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

import httpx2

from tests.chaos.writer_mutations import WriterMutation, WriterMutations

ACCEPTED = ("application/json", "application/graphql-response+json")
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
CUT = 0.03
"""How many of the requests the client gives up soon, to send them again elsewhere."""
REPEATED = 0.05
"""How many of the acknowledged mutations are sent again at once, or read from another server."""
LONGEST_ANSWER_SECONDS = 30.0


@dataclass
class Progress:
    """What the writers have got so far, all together."""

    acknowledged: int = 0
    is_over: bool = False
    """No more mutations are begun."""
    seen: Counter[str] = field(default_factory=Counter)
    """How often a request had which end: a status and code, or how its connection broke."""
    longest_seconds: float = 0.0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def acknowledge(self) -> None:
        self.acknowledged += 1
        self._more.set()

    async def wait_for(self, more: int) -> None:
        """Wait until some more mutations are acknowledged."""
        wanted = self.acknowledged + more
        while self.acknowledged < wanted:
            self._more.clear()
            await self._more.wait()


@dataclass(frozen=True)
class Acknowledged:
    """A mutation and its first answer."""

    key: str
    mutation: WriterMutation
    answer: dict[str, Any]


@dataclass
class RetryingWriter:
    """Records over the servers at `addresses`, whichever answers."""

    name: str
    addresses: Sequence[str]
    random: Random
    http: httpx2.AsyncClient
    progress: Progress
    acknowledged: list[Acknowledged] = field(default_factory=list)

    async def run(self, mutations: WriterMutations) -> None:
        """Record until it is over."""
        while not self.progress.is_over:
            mutation = mutations.next()
            mutations.learn(mutation, await self.record(mutation))

    async def record(self, mutation: WriterMutation) -> dict[str, Any]:
        """Record a mutation once, and give the answer."""
        key = f"{self.name} {len(self.acknowledged)}"
        answer = await self._until_answered(mutation, key)
        self.acknowledged.append(Acknowledged(key, mutation, answer))
        self.progress.acknowledge()
        if self.random.random() < REPEATED:
            await self.repeat(self.acknowledged[-1])
        if self.random.random() < REPEATED:
            await self._read(answer)
        return answer

    async def repeat(self, acknowledged: Acknowledged) -> None:
        """Send an acknowledged mutation again, and see that it has the same answer."""
        answer = await self._until_answered(acknowledged.mutation, acknowledged.key, again=True)
        assert answer == acknowledged.answer, acknowledged

    async def _until_answered(
        self, mutation: WriterMutation, key: str, *, again: bool = False
    ) -> dict[str, Any]:
        data = await self._until_data(
            mutation.document, {"input": mutation.values | {"idempotencyKey": key}}
        )
        answer: dict[str, Any] = data[mutation.name]
        replayed = answer.pop("replayed")
        assert replayed or not again, key
        return answer

    async def _read(self, answer: dict[str, Any]) -> None:
        """Read what was acknowledged, which every server must have from then on."""
        made = list(_ids(answer))
        document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
        data = await self._until_data(document, {"ids": made})
        assert data["nodes"] == [{"id": each} for each in made], answer

    async def _until_data(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Send a request until it has data, to one server or another."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            body = {"query": document, "variables": variables}
            reply = await self._send(body)
            if reply is not None:
                return reply
            await asyncio.sleep(self.random.uniform(0, pause))
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _send(self, body: dict[str, Any]) -> dict[str, Any] | None:
        address = self.random.choice(self.addresses)
        patience = LONGEST_ANSWER_SECONDS
        if self.random.random() < CUT:
            patience = self.random.random() * FIRST_PAUSE_SECONDS
        started = monotonic()
        try:
            async with asyncio.timeout(patience):
                response = await self.http.post(
                    f"{address}/graphql",
                    json=body,
                    headers={"accept": self.random.choice(ACCEPTED)},
                )
        except TimeoutError:
            assert patience < LONGEST_ANSWER_SECONDS, "no answer in time"
            self.progress.seen["given up by the client"] += 1
            return None
        except httpx2.TransportError as error:
            self.progress.seen[f"cut: {type(error).__name__}"] += 1
            return None
        self.progress.longest_seconds = max(self.progress.longest_seconds, monotonic() - started)
        reply: dict[str, Any] = response.json()
        codes = {error["extensions"]["code"] for error in reply.get("errors", ())}
        self.progress.seen[f"{response.status_code} {' '.join(sorted(codes)) or 'data'}"] += 1
        if not codes:
            assert response.status_code == 200
            data: dict[str, Any] = reply["data"]
            return data
        assert codes == {"UNAVAILABLE"}, (body, reply)
        assert response.status_code in {200, 503}, response.status_code
        return None


def _ids(value: Any) -> Any:
    """Give the ids in an answer, in order."""
    for name, item in value.items() if isinstance(value, dict) else ():
        if name == "id":
            yield item
        else:
            yield from _ids(item)
    for item in value if isinstance(value, list) else ():
        yield from _ids(item)
