"""gql: does its task over HTTPX, the documents checked against the schema before they are sent."""

import json
import sys
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport

_CLIENTS = Path(__file__).parent.parent
_OPERATIONS = gql((_CLIENTS / "operations.graphql").read_text()).document


def main() -> None:
    """Do the task and print the report."""
    task = json.loads(sys.argv[1])
    schema = (_CLIENTS.parent.parent / "schema.graphql").read_text()
    client = Client(transport=HTTPXTransport(url=task["url"]), schema=schema)

    def execute(operation: str, **variables: Any) -> dict[str, Any]:
        request = GraphQLRequest(_OPERATIONS, variable_values=variables, operation_name=operation)
        answer: dict[str, Any] = client.execute(request)
        return answer

    def record(message: dict[str, Any]) -> dict[str, Any]:
        payload: dict[str, Any] = execute("RecordMessage", input=message)["recordMessage"]
        return payload

    sessions: list[str] = []
    after: str | None = None
    more = True
    while more:
        page = execute("Sessions", **task["sessions"], after=after)["sessions"]
        sessions += [edge["node"]["sessionId"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    messages: list[int] = []
    before: str | None = None
    more = True
    while more:
        page = execute("Messages", **task["messages"], before=before)["session"]["messages"]
        messages = [edge["node"]["sequence"] for edge in page["edges"]] + messages
        before, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
    report: dict[str, Any] = {"sessions": sessions, "messages": messages}
    report["recorded"] = [record(task["message"]), record(task["message"])]
    try:
        record(task["refusedMessage"])
    except TransportQueryError as error:
        report["refused"] = error.errors[0]["extensions"]
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
