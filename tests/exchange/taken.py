"""Takes files in as the command does, and checks the store after that."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.formats.table import FORMATS, recognise
from exchange.json_lines import read_lines
from exchange.transcripts import ImportedLine
from resolvers.context import Context
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants

SESSION = """query ($name: ID!) { session(id: $name) {
  sessionId status source userId tags metadata startedAt endedAt agent { agentId }
  messageCount toolCallCount failedToolCallCount
  usage { inputTokens outputTokens costUsd }
  children { nodes { sessionId kind status agent { agentId } spawnedByToolCall { toolCallId }
    messages { nodes { role content } } } }
  messages(first: 200) { nodes {
    role name content parts toolCallId status error createdAt durationMs traceId spanId
    provider requestModel responseModel responseId finishReasons timeToFirstChunkMs costUsd
    inputTokens outputTokens cacheReadInputTokens cacheCreationInputTokens reasoningOutputTokens
    toolCalls { nodes { toolCallId toolName toolType arguments result status errorType errorMessage
      startedAt endedAt durationMs confirmation { status reason }
      resultMessage { content } } } } }
} }"""


async def take_file(
    engine: AsyncEngine, file: Path, format_name: str | None = None
) -> list[ImportedLine]:
    """Import a file into the first project; if no form is told, in that which it has."""
    lines = read_lines(file)
    if format_name is None:
        form, lines_read = recognise(lines)
    else:
        form, lines_read = FORMATS[format_name], lines
    imported = [line async for line in form.take(Context(engine, 1), lines_read)]
    await check_invariants(engine)
    return imported


def write_lines(file: Path, *lines: Any) -> None:
    """Write lines: objects as JSON, text as it is."""
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(written) + "\n")


async def read_session(graphql: GraphQLClient, name: str) -> dict[str, Any]:
    """Read a session with all that it says; lists are plain ones."""
    session = (await graphql.execute(SESSION, name=name))["session"]
    read: dict[str, Any] = _without_connections(session)
    return read


def _without_connections(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"nodes"}:
            return _without_connections(value["nodes"])
        kept = {"parts", "arguments", "result", "metadata"}
        return {
            name: item if name in kept else _without_connections(item)
            for name, item in value.items()
        }
    return [_without_connections(item) for item in value] if isinstance(value, list) else value
