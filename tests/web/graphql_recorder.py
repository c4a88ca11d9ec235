"""Records over HTTP while a page is looked at, without an event loop: Playwright's is running."""

from typing import Any

import httpx2


class GraphQLRecorder:
    """Sends documents to a server."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def execute(self, document: str, /, **variables: Any) -> dict[str, Any]:
        """Send a document that must succeed, and give its data."""
        answer = self._http.post("/graphql", json={"query": document, "variables": variables})
        body = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def record(self, mutation: str, selection: str, /, **values: Any) -> dict[str, Any]:
        """Run one mutation by its name, and give its payload."""
        input_type = mutation[0].upper() + mutation[1:] + "Input"
        document = (
            f"mutation M($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} }} }}"
        )
        payload: dict[str, Any] = self.execute(document, input=values)[mutation]
        return payload

    def session(self, name: str, **values: Any) -> str:
        """Create a session; give its id."""
        made = self.record("createSession", "session { id }", sessionId=name, **values)
        return str(made["session"]["id"])

    def say(self, session: str, content: str) -> None:
        """Record a user's message."""
        self.record("recordMessage", "replayed", session=session, role="USER", content=content)

    def first_id(self, nouns: str, condition: str = "{}") -> str:
        """Find the newest of some nouns that meets a condition."""
        found = self.execute(f"{{ {nouns}(first: 1, filter: {condition}) {{ nodes {{ id }} }} }}")
        return str(found[nouns]["nodes"][0]["id"])
