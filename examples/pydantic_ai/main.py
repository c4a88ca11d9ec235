"""A pydantic-ai agent that keeps its conversations in Sessiongraph, and asks a person.

The model is scripted, so that it runs without a key. `SESSIONGRAPH_URL` and `SESSIONGRAPH_API_KEY`
name the server. The argument is the conversation's name.
"""

import asyncio
import sys

from pydantic_ai import Agent, DeferredToolRequests, Tool
from pydantic_ai.conversation import Conversation
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.pydantic_ai import SessiongraphConversationStore

DECIDE = """mutation ($input: DecideConfirmationInput!) {
  decideConfirmation(input: $input) { confirmation { status } }
}"""
QUESTIONS = """query ($session: ID!) {
  session(id: $session) { confirmations(first: 1) { nodes { id toolName arguments } } }
}"""


def answer(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    """Be the model: give the money back, then say so."""
    if len(messages) == 1:
        return ModelResponse([ToolCallPart("give_back", {"euros": 20}, "call-1")])
    return ModelResponse([TextPart("You have your 20 euros back.")])


def give_back(euros: int) -> str:
    """Give money back."""
    return f"Gave back {euros} euros"


agent = Agent(
    FunctionModel(answer),
    tools=[Tool(give_back, requires_approval=True)],
    output_type=[str, DeferredToolRequests],
)


async def decide(client: SessiongraphClient, conversation_id: str) -> None:
    """Be the person who decides; the explorer's inbox would do as well."""
    data = await client.query(QUESTIONS, session=conversation_id)
    [question] = data["session"]["confirmations"]["nodes"]
    print(f"{question['toolName']}({question['arguments']}) is approved")
    await client.mutate(DECIDE, confirmation=question["id"], decision="APPROVED", decidedBy="ann")


async def main(conversation_id: str) -> None:
    """Ask, wait for a person, go on in what might be another process."""
    async with SessiongraphClient() as client:
        store = SessiongraphConversationStore(client)
        conversation = Conversation(conversation_id=conversation_id)
        await store.save(await agent.run("My money, please", conversation=conversation))

        await decide(client, conversation_id)

        conversation = await store.load(conversation_id) or Conversation()
        answers = await store.read_answers(conversation)
        result = await agent.run(conversation=conversation, deferred_tool_results=answers)
        await store.save(result)
        print(f"{conversation_id}: {result.output}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
