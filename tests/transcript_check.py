"""Reads the sessions of a transcript file back over HTTP, and compares them with the file.

python -m tests.transcript_check FILE http://127.0.0.1:8000
"""

import json
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUERY = """query ($id: ID!, $after: String) { session(id: $id) { agent { agentId } metadata
  messages(first: 200, after: $after) { pageInfo { hasNextPage endCursor } nodes {
    sequence role name content toolCallId parts
    toolCalls(first: 200) { nodes {
      toolCallId toolName toolType arguments result resultMessage { content } } } } } } }"""


@dataclass
class Compared:
    """What was compared and found to be the same; `size` in bytes of content and arguments."""

    sessions: int = 0
    messages: int = 0
    tool_calls: int = 0
    size: int = 0

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions, {self.messages} messages and {self.tool_calls} tool calls "
            f"are as in the file, in order: {self.size} bytes of content and arguments."
        )


def compare(file: Path, address: str) -> Compared:
    """Compare every line of a file; fails on the first difference."""
    compared = Compared()
    with file.open() as lines:
        for line in lines:
            transcript = json.loads(line)
            answer, messages = _read(address, transcript["session_id"])
            assert len(messages) == len(transcript["messages"])
            calls: dict[str, dict[str, Any]] = {}
            for place, (stored, told) in enumerate(
                zip(messages, transcript["messages"], strict=True)
            ):
                assert stored["sequence"] == place + 1
                _compare_message(stored, told, answer, compared, calls)
            compared.sessions += 1
    return compared


def _read(address: str, session: str) -> tuple[bytes, list[dict[str, Any]]]:
    answer, messages, after = b"", [], None
    while True:
        body = json.dumps({"query": QUERY, "variables": {"id": session, "after": after}}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{address}/graphql", body, headers)  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310
            part = response.read()
        answer += part
        page = json.loads(part)["data"]["session"]["messages"]
        messages += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return answer, messages
        after = page["pageInfo"]["endCursor"]


def _compare_message(
    stored: dict[str, Any],
    told: dict[str, Any],
    answer: bytes,
    compared: Compared,
    calls: dict[str, dict[str, Any]],
) -> None:
    assert stored["role"] == told["role"].upper()
    assert stored["content"] == told["content"]
    assert stored["name"] == told.get("name")
    assert stored["toolCallId"] == told.get("tool_call_id")
    assert stored["parts"] == told
    wanted = told.get("tool_calls") or []
    for call, asked in zip(stored["toolCalls"]["nodes"], wanted, strict=True):
        assert call["toolCallId"] == asked["id"]
        assert call["toolName"] == asked["function"]["name"]
        assert call["toolType"] == asked["type"]
        # not only equal as JSON: the very bytes of the file stand in the answer
        arguments = asked["function"]["arguments"].encode()
        assert b'"arguments":' + arguments in answer
        calls[asked["id"]] = call
        compared.tool_calls += 1
        compared.size += len(arguments)
    if told["role"] == "tool":
        call = calls[told["tool_call_id"]]
        assert call["result"] == told["content"] == call["resultMessage"]["content"]
    compared.messages += 1
    compared.size += len((told["content"] or "").encode())


if __name__ == "__main__":
    print(compare(Path(sys.argv[1]), sys.argv[2]))  # noqa: T201
