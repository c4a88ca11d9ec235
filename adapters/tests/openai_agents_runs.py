"""What the tests of the OpenAI Agents SDK's sessions share: agents that follow a script."""

from collections.abc import Iterable
from typing import Any

from agents import Agent, Usage, function_tool, set_tracing_disabled
from agents.testing import ScriptedModel, assistant_message, function_call
from sessiongraph_client import SessiongraphClient

set_tracing_disabled(True)

SESSION = """query SessionOfARun($session: ID!) {
  session(id: $session) {
    kind source status inputTokens outputTokens agent { agentId }
    messages(first: 200) { nodes {
      role name content requestModel responseId inputTokens outputTokens
      toolCalls { nodes {
        toolCallId toolName toolType arguments result status confirmation { status reason }
        childSession { sessionId } } }
    } }
    items(first: 200) { nodes { collection value metadata } }
    descendants(first: 20) { nodes { sessionId kind title agent { agentId }
      spawnedByToolCall { toolCallId }
      parent { sessionId } messages(first: 50) { nodes { role name content
        toolCalls { nodes { toolCallId toolName status } } } } } }
    events(first: 200) { nodes { eventType } }
    integrity { callsWithoutResultCount resultsWithoutCallCount }
  }
}"""


async def look(client: SessiongraphClient, session: str) -> Any:
    """Read what a dashboard shows of a session."""
    return (await client.query(SESSION, session=session))["session"]


def usage(read: int, written: int) -> Usage:
    """Make the usage of one request."""
    return Usage(requests=1, input_tokens=read, output_tokens=written, total_tokens=read + written)


@function_tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"Sunny in {city}"


@function_tool(needs_approval=True)
def refund(euros: int) -> str:
    """Give money back."""
    return f"Gave back {euros} euros"


def scripted(name: str, steps: Iterable[Any], **settings: Any) -> Agent[Any]:
    """Make an agent whose model answers by a script."""
    return Agent(name=name, model=ScriptedModel(steps), **settings)


def calls(*ids: str, tool: str = "weather", **arguments: Any) -> list[Any]:
    """Make a response of tool calls with these ids."""
    return [function_call(tool, arguments or {"city": "Bonn"}, call_id=each) for each in ids]


def says(text: str) -> list[Any]:
    """Make a response of a text."""
    return [assistant_message(text, item_id=f"message-{text}")]
