"""Tool approvals of the framework, and their confirmations."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from agents import RunContextWrapper, RunState
from agents.items import ToolApprovalItem

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.openai_agents.item_reading import call_id_of, call_of
from sessiongraph_client.schema_types import BatchRecordInput, RecordMessageInput
from sessiongraph_client.stored_json import show_json, show_text

_CALLS = """query SessiongraphAgentsCalls($session: ID!, $calls: [String!]!) {
  session(id: $session) {
    toolCalls(last: 200, filter: {toolCallId: {in: $calls}}) { nodes { ...call } }
    descendants(last: 50) {
      nodes { toolCalls(last: 50, filter: {toolCallId: {in: $calls}}) { nodes { ...call } } }
    }
  }
}
fragment call on ToolCall {
  id toolCallId toolName status session { id }
  confirmation { id status reason editedArguments }
}"""


class Asked(NamedTuple):
    """A confirmation, and what the framework waits with."""

    confirmation: str
    approval: ToolApprovalItem


async def find_calls(
    client: SessiongraphClient, session: str, calls: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Find the last attempts of tool calls in a session and below it, by the framework's ids."""
    data = await client.query(_CALLS, session=session, calls=list(calls))
    if (found := data["session"]) is None:
        return {}
    levels = [found, *found["descendants"]["nodes"]]
    nodes = [node for level in levels for node in level["toolCalls"]["nodes"]]
    return {node["toolCallId"]: node for node in nodes}


def call_id_of_approval(approval: ToolApprovalItem) -> str | None:
    """Give the id of the tool call that waits."""
    return call_id_of(_raw(approval))


def _raw(approval: ToolApprovalItem) -> Any:
    raw = approval.raw_item
    return raw if isinstance(raw, dict) else raw.model_dump(exclude_unset=True)


def ask(
    session: str, approval: ToolApprovalItem, call: dict[str, Any] | None
) -> list[BatchRecordInput]:
    """Give the records that ask for a confirmation; first the call's if it is not there yet.

    The framework withholds a response that an output guardrail may still refuse, and keeps nothing
    of agents that are used as tools.
    """
    if call is not None:
        if call["confirmation"]:
            return []
        waiting = call["session"]["id"]
        return [{"requestConfirmation": {"session": waiting, "toolCall": call["id"]}}]
    reference = f"asked-{call_id_of_approval(approval)}"
    made = call_of(_raw(approval)) or {"toolName": approval.tool_name or "tool"}
    message: RecordMessageInput = {
        "session": session,
        "role": "ASSISTANT",
        "name": show_text(approval.agent.name),
        "toolCalls": [show_json(made)],
    }
    return [
        {"reference": reference, "recordMessage": message},
        {"requestConfirmation": {"session": session, "toolCall": f"{reference}.toolCalls.0"}},
    ]


def decide(context: RunContextWrapper[Any], call_id: str, asked: Asked) -> list[BatchRecordInput]:
    """Give the record of what was decided in a run, none if nothing was."""
    approval = asked.approval
    name = approval.tool_name or ""
    status = context.get_approval_status(name, call_id, existing_pending=approval)
    if status is None:
        return []
    reason = (
        None if status else context.get_rejection_message(name, call_id, existing_pending=approval)
    )
    return [
        {
            "decideConfirmation": {
                "confirmation": asked.confirmation,
                "decision": "APPROVED" if status else "DENIED",
                "reason": reason and show_text(reason),
            }
        }
    ]


def apply(
    state: RunState[Any, Any], approval: ToolApprovalItem, confirmation: dict[str, Any]
) -> None:
    """Tell a state what was decided; nothing if it is still asked.

    The framework cannot call a tool with other arguments: it is told to ask for the call again.
    """
    if confirmation["status"] == "PENDING":
        return
    if confirmation["status"] == "APPROVED" and confirmation["editedArguments"] is None:
        state.approve(approval)
        return
    message = confirmation["reason"]
    if confirmation["status"] == "APPROVED":
        message = (
            f"Call it with these arguments instead: {json.dumps(confirmation['editedArguments'])}"
        )
    state.reject(approval, rejection_message=message)
