"""Agents of the OpenAI Agents SDK whose conversation is kept in Sessiongraph.

`python main.py` talks to the server of `SESSIONGRAPH_URL`, else to that of `make serve`. The models
follow a script, so that it needs no key and no network: leave `model` out, and set
`OPENAI_API_KEY`, to have real ones.
"""

import asyncio
import sys
from uuid import uuid4

from agents import Agent, Runner, function_tool, set_tracing_disabled
from agents.testing import ScriptedModel, assistant_message, function_call
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.openai_agents import SessiongraphSession


def find_parcel(number: str) -> str:
    """Tell where a parcel is."""
    return f"Parcel {number} is lost"


def refund(euros: int) -> str:
    """Give money back."""
    return f"Gave back {euros} euros"


billing = Agent(
    name="Billing",
    tools=[function_tool(refund, needs_approval=True)],
    model=ScriptedModel(
        [
            [function_call("refund", {"euros": 20}, call_id="call-3")],
            [assistant_message("You have your 20 euros back.")],
        ]
    ),
)
support = Agent(
    name="Support",
    tools=[function_tool(find_parcel)],
    handoffs=[billing],
    model=ScriptedModel(
        [
            [function_call("find_parcel", {"number": "7"}, call_id="call-1")],
            [function_call("transfer_to_billing", {}, call_id="call-2")],
        ]
    ),
)


async def main(session_id: str) -> None:
    """Have a conversation in which a person has to approve."""
    set_tracing_disabled(True)
    async with SessiongraphClient() as client:
        session = SessiongraphSession(session_id, client, agent="Support", user_id="ann")
        question = "Where is parcel 7?"
        result = await Runner.run(support, question, session=session, hooks=session.hooks)
        for confirmation in await session.save_run(result):
            print(f"{confirmation} waits for a decision")

        # later, and maybe in another process
        session = SessiongraphSession(session_id, client)
        if state := await session.load_run(support):
            for waiting in state.get_interruptions():
                state.approve(waiting)
            result = await Runner.run(support, state, session=session, hooks=session.hooks)
            await session.save_run(result)
        print(f"{session_id}: {result.final_output}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else f"chat-{uuid4()}"))
