"""LangGraph's interrupts as confirmations: asked when a task waits, decided when it is resumed."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from langgraph.checkpoint.serde.types import INTERRUPT, RESUME

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import Place
from sessiongraph_client.langgraph.readable import clean, readable
from sessiongraph_client.schema_types import BatchRecordInput, Decision

_PENDING = """query LanggraphPendingConfirmations($session: ID!) {
  session(id: $session) { confirmations(first: 200, filter: { status: { eq: PENDING } }) {
    nodes { id arguments }
  } }
}"""
_RESUMED_BY_THE_CALLER = "00000000-0000-0000-0000-000000000000"
"""The task of writes that no task made; LangGraph's NULL_TASK_ID."""
_YES = {
    "accept",
    "allow",
    "approve",
    "approved",
    "confirm",
    "confirmed",
    "edit",
    "ok",
    "true",
    "y",
    "yes",
}
_NO = {"cancel", "decline", "denied", "deny", "false", "ignore", "n", "no", "reject", "rejected"}
_LONGEST_TEXT = 4_000


class Interrupts:
    """The questions that threads wait with. All stand in the thread's own session."""

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._waiting: set[str] = set()
        self._turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(
        self, thread_id: str, writes: Iterable[tuple[str, Any]] = ()
    ) -> AsyncIterator[None]:
        """Take turns where a question is asked, answered or left, each as it was told.

        LangGraph stores writes and checkpoints at the same time; one that withdraws a question
        must not overtake the answer.
        """
        concerned = any(channel in {INTERRUPT, RESUME} for channel, _ in writes)
        if not (concerned or thread_id in self._waiting):
            yield
            return
        key = (id(asyncio.get_running_loop()), thread_id)
        async with self._turns.setdefault(key, asyncio.Lock()):
            yield

    def notice(self, thread_id: str, writes: Iterable[tuple[str, Any]]) -> None:
        """Know that a thread waits if there is an interrupt among its pending writes."""
        if any(channel == INTERRUPT for channel, _ in writes):
            self._waiting.add(thread_id)

    async def of_writes(
        self,
        at: Place,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
    ) -> list[BatchRecordInput]:
        """Make the records of what a task's writes ask and of what they answer."""
        thread_id = at.thread_id
        asked = [one for channel, value in writes if channel == INTERRUPT for one in _listed(value)]
        answers = [value for channel, value in writes if channel == RESUME]
        if not (asked or (answers and thread_id in self._waiting)):
            return []
        pending = await self._pending(thread_id)
        records: list[BatchRecordInput] = []
        if answers:
            for confirmation_id, answer in _answered(pending, task_id, answers[-1]):
                records.append(_decide(confirmation_id, answer))
                del pending[confirmation_id]
        self.notice(thread_id, writes)
        place = {
            "taskId": clean(task_id),
            "checkpointId": clean(at.checkpoint_id or ""),
            "checkpointNamespace": clean(at.namespace),
            "answers": len(_listed(answers[-1])) if answers else 0,
        }
        known = {told.get("interruptId") for told in pending.values()}
        for interrupt in asked:
            own_id = str(getattr(interrupt, "id", ""))
            if own_id not in known:
                known.add(own_id)
                records.append(_ask(thread_id, interrupt, {"interruptId": own_id, **place}))
        return records

    async def of_checkpoint(
        self, thread_id: str, namespace: str, parent_id: str | None
    ) -> list[BatchRecordInput]:
        """Make the records that withdraw what was asked at the checkpoint that is left now."""
        if thread_id not in self._waiting or parent_id is None:
            return []
        pending = await self._pending(thread_id)
        left = {
            confirmation_id
            for confirmation_id, told in pending.items()
            if told.get("checkpointId") == clean(parent_id)
            and told.get("checkpointNamespace") == clean(namespace)
        }
        if len(left) == len(pending):
            self._waiting.discard(thread_id)
        return [_withdraw(each, "The graph went on.") for each in sorted(left)]

    async def _pending(self, thread_id: str) -> dict[str, dict[str, Any]]:
        """Read where the pending questions of a thread were asked, by the confirmations' ids."""
        data = await self._client.query(_PENDING, session=names.session_of(thread_id))
        nodes = data["session"]["confirmations"]["nodes"] if data["session"] else []
        told = {node["id"]: (node["arguments"] or {}).get("interrupt") for node in nodes}
        return {name: value for name, value in told.items() if isinstance(value, dict)}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _answered(
    pending: dict[str, dict[str, Any]], task_id: str, answer: Any
) -> list[tuple[str, Any]]:
    """Tell which questions an answer is for: the only one, or the task's own next one."""
    if task_id == _RESUMED_BY_THE_CALLER:
        return [(next(iter(pending)), answer)] if len(pending) == 1 else []
    answers = _listed(answer)
    found = []
    for confirmation_id, told in pending.items():
        place = told.get("answers", 0)
        if told.get("taskId") == clean(task_id) and place < len(answers):
            found.append((confirmation_id, answers[place]))
    return found


def _ask(thread_id: str, interrupt: Any, place: dict[str, Any]) -> BatchRecordInput:
    value = getattr(interrupt, "value", interrupt)
    return {
        "requestConfirmation": {
            "session": names.session_of(thread_id),
            "toolName": _tool_of(value) or "interrupt",
            "arguments": {"value": readable(value), "interrupt": place},
            "userMessage": _question(value)[:_LONGEST_TEXT],
        }
    }


def _tool_of(value: Any) -> str | None:
    """Give the tools that are asked about, where the question is of the prebuilt agents' form."""
    requests = value.get("action_requests") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(value.get("action_request"), dict):
        requests = [value["action_request"]]
    told = [_text(one.get("name") or one.get("action")) for one in _dicts(requests)]
    return ", ".join(filter(None, told))[:512].strip() or None


def _question(value: Any) -> str:
    if isinstance(value, dict):
        for name in ("question", "description", "message", "prompt"):
            if isinstance(value.get(name), str):
                return clean(value[name])
        told = [_text(one.get("description")) for one in _dicts(value.get("action_requests"))]
        if any(told):
            return "\n\n".join(filter(None, told))
    return _text(value) or clean(str(readable(value)))


def _decide(confirmation_id: str, answer: Any) -> BatchRecordInput:
    decision = _decision(answer)
    told = clean(str(readable(answer)))[:_LONGEST_TEXT]
    if decision is None:
        return _withdraw(confirmation_id, f"Answered: {told}")
    return {
        "decideConfirmation": {
            "confirmation": confirmation_id,
            "decision": decision,
            "deciderType": "USER",
            "reason": told,
        }
    }


def _decision(answer: Any) -> Decision | None:
    """Tell a yes from a no, None where an answer is neither."""
    if isinstance(answer, dict):
        told = ("decisions", "type", "decision", "action", "approved")
        return _decision(next((answer[name] for name in told if name in answer), None))
    if isinstance(answer, (list, tuple)):
        each = {_decision(one) for one in answer}
        if "DENIED" in each:
            return "DENIED"
        return "APPROVED" if each == {"APPROVED"} else None
    word = str(answer).strip().lower() if isinstance(answer, (bool, str)) else ""
    if word in _YES:
        return "APPROVED"
    return "DENIED" if word in _NO else None


def _withdraw(confirmation_id: str, reason: str) -> BatchRecordInput:
    return {"clearConfirmation": {"confirmation": confirmation_id, "reason": reason}}


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""
