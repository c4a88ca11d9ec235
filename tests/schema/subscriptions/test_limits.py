"""What a subscription may ask for, and what tells the client where it goes wrong."""

from typing import Any

import pytest

from tests.graphql_client import GraphQLClient
from tests.live_server import LiveServer


async def _refusal(server: LiveServer, document: str, **payload: Any) -> dict[str, Any]:
    """Give the one error with which a subscription is refused before it begins."""
    async with server.client(**payload) as client:
        await client.subscribe("1", document)
        message = await client.receive()
    assert message["type"] == "error", message
    (error,) = message["payload"]
    return {"message": error["message"], **error["extensions"]}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("subscription { a: sessions { matches } b: sessions { matches } }", "BAD_USER_INPUT"),
        ("subscription { sessions @skip(if: false) { matches } }", "BAD_USER_INPUT"),
        ('subscription { sessions(after: "1") { matches } }', "BAD_USER_INPUT"),
        ("subscription { sessions(after: 1.5) { matches } }", "BAD_USER_INPUT"),
        (f"subscription {{ sessions {{ {'a: matches ' * 101} }} }}", "LIMITED"),
        (
            """subscription { sessions { session { children(first: 200) { nodes {
              children(first: 200) { nodes { messages(first: 200) { nodes { id } } } }
            } } } } }""",
            "LIMITED",
        ),
        (
            f"subscription {{ sessions {{ session {'{ parent ' * 20} {{ id {'}' * 20} }} }} }}",
            "LIMITED",
        ),
    ],
)
async def test_documents_that_are_refused(server: LiveServer, document: str, code: str) -> None:
    assert (await _refusal(server, document))["code"] == code


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ("first: 1000", "first", "200"),
        ("first: -1", "first", "200"),
        ("first: 1, last: 1", None, "first"),
        ('after: "x"', "after", "cursor"),
    ],
)
async def test_an_argument_of_what_is_shown(
    graphql: GraphQLClient, server: LiveServer, given: str, field: str | None, message: str
) -> None:
    """The event comes with an error that names the field; the next ones come as well."""
    await graphql.record("createSession", "replayed", sessionId="s")
    await graphql.record("recordMessage", "replayed", session="s", role="USER")
    document = f"""subscription {{ sessionEvents(session: "s", after: 0) {{
      session {{ messages({given}) {{ nodes {{ id }} }} }} }} }}"""
    async with server.client() as client:
        await client.subscribe("1", document)
        for _ in range(2):
            told = await client.receive()
            assert told["type"] == "next", told
            (error,) = told["payload"]["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert error["path"] == ["sessionEvents", "session", "messages"]
            assert message in error["message"]
            if field is not None:
                assert error["extensions"]["field"] == field
