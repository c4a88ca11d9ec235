"""The tool calls that a paused run waits for, as confirmations."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_ai import DeferredToolRequests, DeferredToolResults, ToolApproved, ToolDenied
from pydantic_ai.conversation_store import ConversationEntry
from pydantic_ai.messages import ModelRequest, ToolReturnPart

from sessiongraph_client.pydantic_ai.message_content import show_as_text
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    DecideConfirmationInput,
    RecordToolCallResultInput,
)
from sessiongraph_client.stored_json import is_name

Calls = Mapping[str, Mapping[str, Any]]
"""The last attempts of tool calls as the server gave them, by the framework's ids."""


def deferred_ids(requests: DeferredToolRequests | None) -> list[str]:
    """Give the framework's ids of the calls that a run waits for."""
    waiting = [*requests.approvals, *requests.calls] if requests else []
    return [call.tool_call_id for call in waiting if is_name(call.tool_call_id)]


def close_calls(
    session: str,
    calls: Calls,
    before: DeferredToolRequests | None,
    now: DeferredToolRequests | None,
    entries: Sequence[ConversationEntry],
) -> list[BatchRecordInput]:
    """Give the records of the questions that entries answer, and of calls given up unanswered."""
    answers = {
        part.tool_call_id: part
        for entry in entries
        if isinstance(entry.message, ModelRequest)
        for part in entry.message.parts
        if isinstance(part, ToolReturnPart)
    }
    still = set(deferred_ids(now))
    records: list[BatchRecordInput] = []
    for call_id in deferred_ids(before):
        call = calls.get(call_id) or {"status": None, "confirmation": None}
        if call["status"] == "RUNNING" and call_id not in answers and call_id not in still:
            cancelled: RecordToolCallResultInput = {
                "session": session,
                "toolCall": call_id,
                "status": "CANCELLED",
            }
            records.append({"recordToolCallResult": cancelled})
        elif call["status"] == "AWAITING_CONFIRMATION":
            confirmation = call["confirmation"]["id"]
            if (answer := answers.get(call_id)) is not None:
                records.append({"decideConfirmation": _decision(confirmation, answer)})
            elif call_id not in still:
                records.append({"clearConfirmation": {"confirmation": confirmation}})
    return records


def _decision(confirmation: str, answer: ToolReturnPart) -> DecideConfirmationInput:
    if answer.outcome != "denied":
        return {"confirmation": confirmation, "decision": "APPROVED"}
    reason = show_as_text(answer.content)
    return {"confirmation": confirmation, "decision": "DENIED", "reason": reason}


def open_calls(
    session: str, calls: Calls, statuses: Mapping[str, str], now: DeferredToolRequests | None
) -> list[BatchRecordInput]:
    """Give the records of what a run waits for, of calls that are in the session.

    A person is asked for approvals and answers. What is done elsewhere is RUNNING.
    """
    records: list[BatchRecordInput] = []
    for call_id in deferred_ids(now):
        asked = (calls.get(call_id) or {}).get("confirmation")
        if now is None or asked is not None or statuses.get(call_id) != "PENDING":
            continue
        if now.kind(call_id) == "external":
            records.append(
                {
                    "recordToolCallResult": {
                        "session": session,
                        "toolCall": call_id,
                        "status": "RUNNING",
                    }
                }
            )
        else:
            records.append({"requestConfirmation": {"session": session, "toolCall": call_id}})
    return records


def read_answers(calls: Calls, requests: DeferredToolRequests) -> DeferredToolResults | None:
    """Give what people decided of the approvals, None as long as one is not decided."""
    results = DeferredToolResults()
    for call in requests.approvals:
        confirmation = (calls.get(call.tool_call_id) or {}).get("confirmation")
        if confirmation is None or confirmation["status"] == "PENDING":
            return None
        if confirmation["status"] == "APPROVED":
            answer: Any = ToolApproved(override_args=confirmation["editedArguments"])
        else:
            reason = confirmation["reason"]
            answer = ToolDenied(reason) if reason else ToolDenied()
        results.approvals[call.tool_call_id] = answer
    return results
