"""What others made to talk to GraphQL servers talks to this one."""

import json
from typing import Any

import httpx2
import pytest

from tests.clients.conftest import MESSAGES, SESSIONS
from tests.clients.programs import run

PROGRAMS = {
    "gql": ("gql", ".venv/bin/python", "client.py"),
    "ariadne-codegen": ("ariadne_codegen", ".venv/bin/python", "client.py"),
    "Relay": ("npm", "node", ".generated/build/src/relay.js"),
    "Apollo Client": ("npm", "node", ".generated/build/src/apollo.js"),
    "urql": ("npm", "node", ".generated/build/src/urql.js"),
}
"""Each client's folder, and the command that does the task given as JSON and reports as JSON."""

# words that Python keeps for itself, and a filter in a filter
FILTER = {"sessionId": {"contains": "SESSION"}, "not": {"sessionId": {"in": SESSIONS[2:4]}}}
FOUND = SESSIONS[:2] + SESSIONS[4:]
ARGUMENTS = {"parcel": "JX-2041", "grams": [1, 2.5, None]}


@pytest.mark.parametrize("client", PROGRAMS)
def test_a_client_reads_every_page_records_and_is_refused(client: str, address: str) -> None:
    message = {
        "session": SESSIONS[1],
        "role": "ASSISTANT",
        "costUsd": "0.10",
        "toolCalls": [{"toolName": "weigh", "arguments": ARGUMENTS}],
        "idempotencyKey": client,
    }
    task = {
        "url": f"{address}/graphql",
        "sessions": {"filter": FILTER, "orderBy": {"field": "CREATED_AT"}, "first": 7},
        "messages": {"session": SESSIONS[0], "last": 10},
        "message": message,
        "refusedMessage": {"session": "unknown", "role": "USER", "content": "Hi"},
    }
    before = _count_messages(address)
    report = json.loads(run(*PROGRAMS[client], json.dumps(task)))
    assert report["sessions"] == FOUND
    assert report["messages"] == list(range(1, MESSAGES + 1))
    assert _count_messages(address) == before + 1
    first, again = report["recorded"]
    assert not first["replayed"]
    assert first == {**again, "replayed": False}
    assert first["message"]["sequence"] == before + 1
    assert first["message"]["costUsd"] == "0.10"
    assert [call["arguments"] for call in first["toolCalls"]] == [ARGUMENTS]
    assert report["refused"]["code"] == "NOT_FOUND"
    assert report["refused"]["field"] == "session"


def _count_messages(address: str) -> int:
    query = {"query": f'{{ session(id: "{SESSIONS[1]}") {{ messageCount }} }}'}
    answer: dict[str, Any] = httpx2.post(f"{address}/graphql", json=query).json()
    count: int = answer["data"]["session"]["messageCount"]
    return count


def test_graphql_http_finds_no_fault(address: str) -> None:
    audits = json.loads(run("npm", "node", ".generated/build/src/audit.js", address))
    assert {audit["name"].split()[0] for audit in audits} == {"MUST", "SHOULD", "MAY"}
    assert not [audit for audit in audits if audit["fault"] is not None]


@pytest.mark.parametrize("client", ["graphql-ws", "graphql-sse"])
def test_a_client_of_streams_has_its_queries_and_mutations(client: str, address: str) -> None:
    report = json.loads(run("npm", "node", ".generated/build/src/streams.js", client, address))
    session = {"session": {"sessionId": client}}
    assert report == [{"createSession": session}, session]
