"""Agents whose model is scripted, and what a dashboard sees of their runs."""

from collections.abc import Sequence
from typing import Any

from pydantic_ai import Agent, ApprovalRequired, CallDeferred, DeferredToolRequests, ModelRetry
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import RunContext
from sessiongraph_client import SessiongraphClient

SEEN = """query ($session: ID!) {
  session(id: $session) {
    sessionId kind source userId status metadata messageCount toolCallCount failedToolCallCount
    inputTokens outputTokens parent { sessionId } children { nodes { sessionId kind source } }
    messages(first: 200) {
      nodes {
        role content name toolCallId status provider requestModel responseModel finishReasons
        inputTokens outputTokens metadata
      }
    }
    toolCalls(first: 200) {
      nodes {
        toolName toolCallId toolType arguments status result errorType errorMessage
        resultMessage { content } confirmation { id status reason }
      }
    }
    events(first: 200) { nodes { eventType eventData } }
  }
}"""


class Script:
    """A model that answers what it is told to, one response after another."""

    def __init__(self, *responses: Sequence[TextPart | ToolCallPart] | str) -> None:
        self.responses = list(responses)

    def model(self) -> FunctionModel:
        """Give the model."""
        return FunctionModel(self._answer, model_name="scripted")

    def _answer(self, _messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        response = self.responses.pop(0)
        parts = [TextPart(response)] if isinstance(response, str) else response
        return ModelResponse(parts=list(parts), provider_name="function", finish_reason="stop")


def call(name: str, call_id: str, **arguments: Any) -> ToolCallPart:
    """Give a call that a model asks for."""
    return ToolCallPart(name, arguments, call_id)


def make_agent(script: Script) -> Agent[object, str | DeferredToolRequests]:
    """Make an agent with a tool of each kind."""
    agent = Agent(
        script.model(),
        output_type=[str, DeferredToolRequests],
        instructions="Be short.",
        retries=3,
    )

    @agent.tool_plain
    def weather(city: str) -> dict[str, Any]:
        if city == "Atlantis":
            raise ModelRetry("There is no such city.")
        return {"city": city, "degrees": 21.5}

    @agent.tool
    def refund(context: RunContext[object], euros: int) -> str:
        if euros > 10 and not context.tool_call_approved:
            raise ApprovalRequired(metadata={"limit": 10})
        return f"{euros} euros refunded"

    @agent.tool_plain
    def print_label(order: str) -> str:
        raise CallDeferred(metadata={"order": order})

    return agent


async def see(client: SessiongraphClient, session: str) -> Any:
    """Give what a dashboard sees of a session."""
    return (await client.query(SEEN, session=session))["session"]
