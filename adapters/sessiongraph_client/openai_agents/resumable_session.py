"""A session that keeps the run that waits for a person's approval."""

from collections.abc import Iterable
from typing import Any

from agents import Agent, RunContextWrapper, RunResult, RunResultStreaming, RunState

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import NotFound
from sessiongraph_client.lenient_recording import record_leniently
from sessiongraph_client.openai_agents.approvals import (
    Asked,
    apply,
    ask,
    call_id_of_approval,
    decide,
    find_calls,
)
from sessiongraph_client.openai_agents.run_hooks import SessiongraphRunHooks
from sessiongraph_client.schema_types import BatchRecordInput, PutSessionItemInput
from sessiongraph_client.session_documents import (
    delete_documents,
    put_documents,
    read_document,
)
from sessiongraph_client.stored_json import show_text

_COLLECTION = "openai_agents.run_state"
_KEY = "current"
_RECORDED = "recordedCalls"
"""In the metadata of the state: the calls that were recorded when their approval was asked for."""

_STATE = """query SessiongraphAgentsState($session: ID!, $collection: String!) {
  session(id: $session) {
    items(first: 1, filter: {collection: {eq: $collection}}) { nodes { value metadata } }
  }
}"""


class ResumableSession:
    """What a session does for a run that waits for approvals.

    `RunState.to_json()` is kept verbatim as the `SessionItem` `openai_agents.run_state` `current`,
    and each tool call that waits has a confirmation.
    """

    def __init__(self, session_id: str, client: SessiongraphClient) -> None:
        self.session_id = session_id
        self.client = client
        self.hooks = SessiongraphRunHooks()
        """For the `hooks` of the runs in this session, and of its agents' `as_tool`."""
        self._current: str | None = None
        """The session whose turn it is, this one or one that it was handed to; None if unknown."""
        self._asked: dict[str, Asked] = {}
        """The confirmations that are not known to be decided, by the ids of the tool calls."""
        self._recorded: set[str] = set()
        """The calls that are recorded before the framework adds their items."""

    async def save_run(
        self, result: RunResult | RunResultStreaming, **serialization: Any
    ) -> list[str]:
        """Keep the state of a run that waits, and ask for confirmations; forget one that is over.

        Gives the ids of the confirmations that wait, none if the run does not wait. `serialization`
        is what `RunState.to_json` takes. Call it after each run that may be interrupted.
        """
        context = result.context_wrapper
        decided = self._decisions(list(self._asked), context) + self._results_of_sub_agents()
        if not result.interruptions:
            await record_leniently(self.client, [], decided)
            await self._forget()
            return []
        approvals = {
            call_id: approval
            for approval in result.interruptions
            if (call_id := call_id_of_approval(approval)) is not None
        }
        calls = await find_calls(self.client, self.session_id, approvals)
        self._recorded |= approvals.keys() - calls.keys()
        session = self._current or self.session_id
        asked = [ask(session, approvals[each], calls.get(each)) for each in approvals]
        state: PutSessionItemInput = {
            "session": self.session_id,
            "collection": _COLLECTION,
            "key": _KEY,
            "value": result.to_state().to_json(**serialization),
            "metadata": {_RECORDED: sorted(self._recorded)},
        }
        told = [*decided, *(record for each in asked for record in each)]
        await record_leniently(self.client, put_documents([state]), told)
        calls = await find_calls(self.client, self.session_id, approvals)
        self._asked = {
            call_id: Asked(calls[call_id]["confirmation"]["id"], approval)
            for call_id, approval in approvals.items()
            if calls.get(call_id, {}).get("confirmation")
        }
        return [asked.confirmation for asked in self._asked.values()]

    async def load_run(
        self, agent: Agent[Any], **deserialization: Any
    ) -> RunState[Any, Agent[Any]] | None:
        """Give the state of the run that waits, None if none does.

        What was decided meanwhile in Sessiongraph is in it: approved, or rejected with the reason.
        `RunState.get_interruptions` gives what still waits beside what is decided; approve or
        reject it here, or run the state, which is then interrupted again. `deserialization` is what
        `RunState.from_json` takes, such as `context_override`.
        """
        data = await self.client.query(_STATE, session=self.session_id, collection=_COLLECTION)
        nodes = data["session"]["items"]["nodes"] if data["session"] else []
        if not nodes:
            return None
        kept = await read_document(self.client, self.session_id, _COLLECTION, nodes[0])
        state = await RunState.from_json(agent, kept, **deserialization)
        self._recorded = set(nodes[0]["metadata"][_RECORDED])
        approvals = {call_id_of_approval(each) or "": each for each in state.get_interruptions()}
        calls = await find_calls(self.client, self.session_id, approvals)
        for call_id, approval in approvals.items():
            if confirmation := calls.get(call_id, {}).get("confirmation"):
                self._asked[call_id] = Asked(confirmation["id"], approval)
                apply(state, approval, confirmation)
        return state

    def _decisions(
        self, calls: Iterable[str | None], context: RunContextWrapper[Any] | None
    ) -> list[BatchRecordInput]:
        """Give the records of what the run decided about calls that were asked for."""
        if context is None:
            return []
        records = []
        for call_id in calls:
            if call_id in self._asked and (
                record := decide(context, call_id, self._asked[call_id])
            ):
                records += record
                del self._asked[call_id]
        return records

    def _results_of_sub_agents(self) -> list[BatchRecordInput]:
        """Give the results of calls that the framework keeps no items of."""
        records: list[BatchRecordInput] = []
        for call_id in sorted(self._recorded):
            if (result := self.hooks.take_result(call_id)) is not None:
                self._recorded.discard(call_id)
                records.append(
                    {
                        "recordMessage": {
                            "session": self._current or self.session_id,
                            "role": "TOOL",
                            "toolCallId": call_id,
                            "content": show_text(result),
                        }
                    }
                )
        return records

    async def _forget(self) -> None:
        self._asked = {}
        self._recorded = set()
        try:
            await delete_documents(self.client, self.session_id, _COLLECTION)
        except NotFound:
            return
