"""A client of the real application, as the tests use it."""

from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True)
class Reply:
    """What the server answered: `data`, and `errors` by the specification."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]

    @property
    def error(self) -> dict[str, Any]:
        """The one error there is, with `code`, `field` and what else its extensions tell."""
        assert len(self.errors) == 1, self.errors
        return {"message": self.errors[0]["message"], **self.errors[0]["extensions"]}


@dataclass(frozen=True)
class GraphQLClient:
    """Sends documents to `/graphql`."""

    http: httpx2.AsyncClient

    async def send(self, document: str, /, **variables: Any) -> Reply:
        """Send a document; errors are part of the reply."""
        response = await self.http.post(
            "/graphql", json={"query": document, "variables": variables}
        )
        body = response.json()
        return Reply(body.get("data"), body.get("errors", []))

    async def execute(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """Send a document that must succeed, and give its data."""
        reply = await self.send(document, **variables)
        assert not reply.errors, reply.errors
        assert reply.data is not None
        return reply.data

    async def record(self, mutation: str, selection: str, /, **values: Any) -> dict[str, Any]:
        """Run one mutation that must succeed by its name, and give its payload."""
        payload: dict[str, Any] = (await self.mutate(mutation, selection, **values)).data or {}
        assert payload.get(mutation) is not None, payload
        recorded: dict[str, Any] = payload[mutation]
        return recorded

    async def mutate(self, mutation: str, selection: str, /, **values: Any) -> Reply:
        """Run one mutation by its name; errors are part of the reply."""
        input_type = mutation[0].upper() + mutation[1:] + "Input"
        document = (
            f"mutation M($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} }} }}"
        )
        return await self.send(document, input=values)
