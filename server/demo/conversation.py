"""What is said in a sample session, and the tools that are called."""

from decimal import Decimal
from random import Random
from typing import Any

from models import MessageRole, ToolCallStatus
from resolvers.identifiers import encode
from resolvers.message import record_message
from resolvers.recording import Answer
from resolvers.tool_call import record_tool_call_result
from server.demo.catalogue import Topic
from server.demo.tree import Tree

_MODEL = {
    "provider": "example",
    "request_model": "example-large",
    "response_model": "example-large-2",
}


async def say(tree: Tree, session: str, role: MessageRole, content: str) -> Answer:
    """Record a message."""
    usage: dict[str, Any] = {}
    if role is MessageRole.ASSISTANT:
        usage = _usage(tree.random)
    at = tree.tick(2, 40)
    return await record_message(
        tree.recording, session=session, role=role, content=content, created_at=at, **usage
    )


def _usage(random: Random) -> dict[str, Any]:
    tokens, cached = random.randint(400, 4_000), random.randint(0, 400)
    written = random.randint(20, 400)
    return {
        **_MODEL,
        "finish_reasons": ["stop"],
        "input_tokens": tokens,
        "cache_read_input_tokens": cached,
        "output_tokens": written,
        "cost_usd": Decimal(tokens * 3 + written * 15) / 1_000_000,
        "time_to_first_chunk_ms": random.randint(150, 900),
        "duration_ms": random.randint(900, 6_000),
    }


async def call_tool(tree: Tree, session: str, tool: str, topic: Topic) -> str:
    """Record a message that asks for a tool call; give the call's id."""
    call = {
        "tool_name": tool,
        "tool_type": "function",
        "tool_call_id": f"call_{tree.random.getrandbits(48):012x}",
        "arguments": {"order": tree.tell("{order}"), "about": topic.title},
        "started_at": tree.clock,
    }
    usage = _usage(tree.random) | {"finish_reasons": ["tool_calls"]}
    answer = await record_message(
        tree.recording,
        session=session,
        role=MessageRole.ASSISTANT,
        tool_calls=[call],
        created_at=tree.tick(1, 4),
        **usage,
    )
    return encode("tool_call", answer["tool_calls"][0])


async def record_result(tree: Tree, call: str, result: dict[str, Any]) -> None:
    """Record what a tool gave back."""
    milliseconds = tree.random.randint(80, 2_500)
    await record_tool_call_result(
        tree.recording,
        tool_call=call,
        result=result,
        duration_ms=milliseconds,
        ended_at=tree.tick(0.1, 3),
    )


async def record_failure(tree: Tree, call: str, topic: Topic) -> None:
    """Record that a tool failed."""
    await record_tool_call_result(
        tree.recording,
        tool_call=call,
        status=ToolCallStatus.FAILED,
        error_type=topic.failure,
        error_message=f"{topic.tool} gave up: {topic.failure}.",
        duration_ms=tree.random.randint(2_000, 9_000),
        ended_at=tree.tick(2, 9),
    )
