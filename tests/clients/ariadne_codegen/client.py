"""The client that ariadne-codegen made of the schema and the operations: does its task."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / ".generated"))

from sessiongraph_client import (
    Client,
    GraphQLClientGraphQLMultiError,
    RecordMessageInput,
    RecordMessageRecordMessage,
    SessionFilter,
    SessionOrder,
)


def main() -> None:
    """Do the task and print the report."""
    task = json.loads(sys.argv[1])
    client = Client(url=task["url"])

    def record(message: dict[str, Any]) -> RecordMessageRecordMessage:
        payload = client.record_message(RecordMessageInput.model_validate(message)).record_message
        assert payload is not None
        return payload

    session_filter = SessionFilter.model_validate(task["sessions"]["filter"])
    order = SessionOrder.model_validate(task["sessions"]["orderBy"])
    sessions: list[str | None] = []
    after: str | None = None
    more = True
    while more:
        found = client.sessions(task["sessions"]["first"], after, session_filter, order).sessions
        sessions += [edge.node.session_id for edge in found.edges]
        after, more = found.page_info.end_cursor, found.page_info.has_next_page
    messages: list[int] = []
    before: str | None = None
    more = True
    while more:
        session = client.messages(**task["messages"], before=before).session
        assert session is not None
        page = session.messages
        messages = [edge.node.sequence for edge in page.edges] + messages
        before, more = page.page_info.start_cursor, page.page_info.has_previous_page
    report: dict[str, Any] = {"sessions": sessions, "messages": messages}
    recorded = [record(task["message"]), record(task["message"])]
    report["recorded"] = [payload.model_dump(mode="json", by_alias=True) for payload in recorded]
    try:
        record(task["refusedMessage"])
    except GraphQLClientGraphQLMultiError as error:
        report["refused"] = error.errors[0].extensions
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
