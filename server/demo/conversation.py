"""What is said in a sample session, and the tools that are called."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from models import MessageRole, ToolCallStatus
from models.base import write_json
from resolvers.identifiers import encode
from resolvers.message import record_message
from resolvers.tool_call import record_tool_call_result
from server.demo.tree import SampleSession


@dataclass(frozen=True)
class SampleCall:
    """A tool call that was asked for: its id, the model's own id of it, and when it began."""

    id: str
    own_id: str
    tool: str
    started_at: datetime


async def say(session: SampleSession, role: MessageRole, text: str) -> None:
    """Record a message; its text may have the tree's words in braces."""
    at = session.tree.tick(2, 40)
    usage = _usage(session, "stop") if role is MessageRole.ASSISTANT else {}
    await record_message(
        session.tree.recording,
        session=session.name,
        role=role,
        content=session.tree.tell(text),
        created_at=at,
        **usage,
    )


def _usage(session: SampleSession, finish_reason: str) -> dict[str, Any]:
    random, version = session.tree.random, session.version
    tokens, cached = random.randint(400, 4_000), random.randint(0, 400)
    written = random.randint(20, 400)
    return {
        "provider": "example",
        "request_model": version.model.rpartition("-")[0],
        "response_model": version.model,
        "finish_reasons": [finish_reason],
        "input_tokens": tokens,
        "cache_read_input_tokens": cached,
        "output_tokens": written,
        "cost_usd": Decimal(tokens * version.input_price + written * version.output_price)
        / 1_000_000,
        "time_to_first_chunk_ms": random.randint(150, 900),
        "duration_ms": random.randint(900, 6_000),
    }


async def call_tool(session: SampleSession, tool: str) -> SampleCall:
    """Record a message that asks for a tool call."""
    tree = session.tree
    at = tree.tick(1, 4)
    own_id = f"call_{tree.random.getrandbits(48):012x}"
    call = {
        "tool_name": tool,
        "tool_type": "function",
        "tool_call_id": own_id,
        "arguments": {"order": tree.words["order"], "about": session.topic.title},
        "started_at": at,
    }
    answer = await record_message(
        tree.recording,
        session=session.name,
        role=MessageRole.ASSISTANT,
        tool_calls=[call],
        created_at=at,
        **_usage(session, "tool_calls"),
    )
    return SampleCall(encode("tool_call", answer["tool_calls"][0]), own_id, tool, at)


async def record_result(session: SampleSession, call: SampleCall, result: dict[str, Any]) -> None:
    """Record what a tool gave back, and the message that tells the model."""
    await _record_end(session, call, session.tree.tick(0.1, 3), result=result)
    await tell_model(session, call, write_json(result))


async def record_failure(
    session: SampleSession, call: SampleCall, failure: tuple[str, str]
) -> None:
    """Record that a tool failed, with the error's type and message, and tell the model."""
    error_type, text = failure
    message = session.tree.tell(text)
    await _record_end(
        session,
        call,
        session.tree.tick(2, 9),
        status=ToolCallStatus.FAILED,
        error_type=error_type,
        error_message=message,
    )
    await tell_model(session, call, f"{error_type}: {message}")


async def _record_end(
    session: SampleSession, call: SampleCall, ended_at: datetime, **values: Any
) -> None:
    await record_tool_call_result(
        session.tree.recording,
        tool_call=call.id,
        ended_at=ended_at,
        duration_ms=(ended_at - call.started_at) // timedelta(milliseconds=1),
        **values,
    )


async def tell_model(session: SampleSession, call: SampleCall, text: str) -> None:
    """Record the TOOL message that answers a call."""
    await record_message(
        session.tree.recording,
        session=session.name,
        role=MessageRole.TOOL,
        name=call.tool,
        tool_call_id=call.own_id,
        content=text,
        created_at=session.tree.tick(0.01, 0.2),
    )
