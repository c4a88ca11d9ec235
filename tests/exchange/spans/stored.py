"""What spans became, as a dashboard reads it."""

from typing import Any

from tests.graphql_client import GraphQLClient

_QUERY = """query ($id: ID!) { session(id: $id) {
  id sessionId kind status title source startedAt endedAt messageCount toolCallCount
  failedToolCallCount inputTokens outputTokens costUsd userId metadata
  agent { agentId name } spawnedByToolCall { toolCallId }
  integrity { callsWithoutResultCount resultsWithoutCallCount }
  children(first: 50) { nodes { id } }
  messages(first: 100) { nodes {
    role name content status error provider requestModel responseModel responseId finishReasons
    inputTokens outputTokens cacheReadInputTokens reasoningOutputTokens costUsd durationMs
    timeToFirstChunkMs traceId spanId toolCallId
    toolCalls(first: 20) { nodes {
      toolCallId toolName arguments result status attempt errorType errorMessage durationMs
      childSession { sessionId }
    } }
  } }
} }"""


async def stored_session(graphql: GraphQLClient, session: str) -> dict[str, Any]:
    """A session with its messages, and those below it as `runs`."""
    found: dict[str, Any] = (await graphql.execute(_QUERY, id=session))["session"]
    assert found is not None
    for message in found["messages"]["nodes"]:
        message["toolCalls"] = message["toolCalls"]["nodes"]
    runs = [await stored_session(graphql, run["id"]) for run in found.pop("children")["nodes"]]
    return {**found, "messages": found["messages"]["nodes"], "runs": runs}


def said(session: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Who said what in a session."""
    return [(message["role"], message["content"]) for message in session["messages"]]
