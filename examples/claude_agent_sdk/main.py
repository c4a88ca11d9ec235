"""A transcript of the Claude Agent SDK, kept in Sessiongraph, read, forked and asked about.

    python main.py --url http://127.0.0.1:8000

It needs `pip install 'sessiongraph-client[claude-agent-sdk]'`, and neither a key nor a network: the
entries are written here, as the SDK's own command would hand them over. With a model, the same
store goes into `ClaudeAgentOptions(session_store=store)`.
"""

import argparse
import asyncio
from typing import Any
from uuid import uuid4

from claude_agent_sdk import (
    SessionKey,
    fork_session_via_store,
    get_session_messages_from_store,
    list_sessions_from_store,
    list_subagents_from_store,
    project_key_for_directory,
)
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore

SEEN = """query ($session: ID!) {
  session(id: $session) {
    title
    messages { nodes { role content } }
    toolCalls { nodes { toolName status childSession { title messageCount } } }
  }
}"""


def make_entries(*said: tuple[str, Any]) -> list[Any]:
    """Give an entry for each message, after the one before it."""
    entries: list[Any] = []
    for role, content in said:
        message = {"role": role, "content": content}
        above = entries[-1]["uuid"] if entries else None
        entry = {"type": role, "uuid": str(uuid4()), "parentUuid": above, "message": message}
        entries.append(entry)
    return entries


async def main(url: str, directory: str) -> None:
    """Write a session with a subagent, and show what the SDK and a dashboard see of it."""
    task = {"description": "Count words", "prompt": "Count the words of draft.md"}
    call = {"type": "tool_use", "id": "toolu_1", "name": "Agent", "input": task}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}
    session: SessionKey = {
        "project_key": project_key_for_directory(directory),
        "session_id": str(uuid4()),
    }
    subagent: SessionKey = {**session, "subpath": "subagents/agent-1"}

    async with SessiongraphClient(url) as client:
        store = SessiongraphSessionStore(client)
        await store.append(
            session,
            make_entries(
                ("user", "How long is the draft?"),
                ("assistant", [call]),
                ("user", [result]),
                ("assistant", "It has 42 words."),
            ),
        )
        await store.append(
            subagent, make_entries(("user", task["prompt"]), ("assistant", "42 words"))
        )

        session_id = session["session_id"]
        for info in await list_sessions_from_store(store, directory):
            print("the SDK lists", repr(info.summary))
        messages = await get_session_messages_from_store(store, session_id, directory)
        agents = await list_subagents_from_store(store, session_id, directory)
        print("the SDK reads", len(messages), "messages, and subagents", agents)
        fork = await fork_session_via_store(store, session_id, directory)
        messages = await get_session_messages_from_store(store, fork.session_id, directory)
        print("its fork has", len(messages), "messages")

        name = f"{session['project_key']}/{session_id}"
        seen = (await client.query(SEEN, session=name))["session"]
        print("a dashboard sees", repr(seen["title"]))
        for message in seen["messages"]["nodes"]:
            print(f"  {message['role']}: {message['content']}")
        for each in seen["toolCalls"]["nodes"]:
            print(f"  {each['toolName']} {each['status']}: {each['childSession']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--url", help="the server's address; SESSIONGRAPH_URL if left out")
    parser.add_argument("--directory", default=".", help="the project that the sessions are of")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.url, chosen.directory))
