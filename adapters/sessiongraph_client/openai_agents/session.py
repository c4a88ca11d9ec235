"""The `Session` of the OpenAI Agents SDK, kept in Sessiongraph."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from agents import RunContextWrapper, TResponseInputItem
from agents.memory import SessionSettings
from agents.memory.session_settings import coerce_session_settings, resolve_session_limit

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, NotFound, SessiongraphError
from sessiongraph_client.lenient_recording import record_leniently
from sessiongraph_client.openai_agents.approvals import find_calls
from sessiongraph_client.openai_agents.item_reading import (
    call_id_of,
    call_of,
    handed_to,
    kind_of,
    output_of,
)
from sessiongraph_client.openai_agents.normalized import SOURCE, Normalizer
from sessiongraph_client.openai_agents.resumable_session import ResumableSession
from sessiongraph_client.openai_agents.taking_back import take_back
from sessiongraph_client.pages import read_pages
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    CreateSessionInput,
    PutSessionItemInput,
)
from sessiongraph_client.session_documents import (
    delete_documents,
    put_documents,
    read_document,
)

_logger = logging.getLogger(__name__)

_COLLECTION = "openai_agents.items"
_MOST_ITEMS = 300
_MOST_CHARACTERS = 3_000_000
"""Of a batch's items: a request has 10 MB at most, and tells them again, normalized."""

_ITEMS = """query SessiongraphAgentsItems(
  $session: ID!, $collection: String!, $last: Int!, $before: String
) {
  session(id: $session) {
    items(last: $last, before: $before, filter: {collection: {eq: $collection}}) {
      nodes { key value metadata }
      pageInfo { hasPreviousPage startCursor }
    }
  }
}"""


class _Item(NamedTuple):
    key: str
    text: str
    value: Any


class SessiongraphSession(ResumableSession):
    """A conversation of the OpenAI Agents SDK (`agents.memory.Session`), kept in Sessiongraph.

    `Runner.run(agent, "Hello", session=SessiongraphSession("chat-1", client))`

    Each item is kept verbatim, in order, as a `SessionItem` of the collection
    `openai_agents.items`, and in the same transaction as the messages and tool calls that it tells
    of. The session is named `session_id` in Sessiongraph and made with the first items; `agent` and
    `user_id` are told of it then. With `hooks=session.hooks` in the run, messages also have the
    agent, the model and the tokens. `save_run` and `load_run` keep a run that waits for approvals.

    `pop_item` takes the message back as well; `clear_session` leaves the messages, as the record
    of what was said, and notes an event `openai_agents.cleared`.

    Methods raise `SessiongraphError`: what they had acknowledged before is stored.
    """

    session_settings: SessionSettings | None

    def __init__(
        self,
        session_id: str,
        client: SessiongraphClient,
        *,
        session_settings: SessionSettings | dict[str, Any] | None = None,
        agent: str | None = None,
        user_id: str | None = None,
    ) -> None:
        super().__init__(session_id, client)
        self.session_settings = coerce_session_settings(session_settings or {})
        self._agent = agent
        self._user_id = user_id
        self._exists = False
        self._is_cleared = False

    async def get_items(
        self, limit: int | None = None, wrapper: RunContextWrapper[Any] | None = None
    ) -> list[TResponseInputItem]:
        """Give the last `limit` items, oldest first; all if there is neither limit nor setting.

        As in the framework's SQLite session, a negative limit gives all.
        """
        limit = resolve_session_limit(limit, self.session_settings)
        most = None if limit is None or limit < 0 else limit
        pages = [page async for page in read_pages(self._read, most=most, backwards=True)]
        return [await self._item(node) for page in reversed(pages) for node in page]

    async def add_items(
        self, items: list[TResponseInputItem], wrapper: RunContextWrapper[Any] | None = None
    ) -> None:
        """Add items at the end; they are stored, and told as messages, when this returns.

        Up to 300 items of 3,000,000 characters together are one transaction, of more each such
        part by itself. Of a longer text the message has the first 1,000,000 characters.
        """
        texts = [json.dumps(item) for item in items]
        for part in _parts([_Item(uuid4().hex, text, json.loads(text)) for text in texts]):
            await self._add(part, wrapper)

    async def pop_item(
        self, wrapper: RunContextWrapper[Any] | None = None
    ) -> TResponseInputItem | None:
        """Remove the last item, and give it; None if there is none.

        Of several who pop at once each gets another item. The item's message goes too; a response
        of several items goes with the first of them, and a call that it had asked for is CANCELLED
        before. What a tool call came to stays with the call: the tool did run.
        """
        while found := await self._read(1, None):
            if not found["nodes"]:
                break
            node = found["nodes"][0]
            try:
                item = await self._item(node)
            except NotFound:  # another has popped it
                continue
            popped = {node["key"]: node}
            if await delete_documents(self.client, self.session_id, _COLLECTION, popped):
                self._current = None
                session = node["metadata"].get("session", self.session_id)
                await take_back(self.client, session, node["key"], item)
                return item
        return None

    async def clear_session(self, wrapper: RunContextWrapper[Any] | None = None) -> None:
        """Remove all items. The messages stay, as the record of what was said."""
        try:
            count = await delete_documents(self.client, self.session_id, _COLLECTION)
        except NotFound:
            return
        self._current = None
        self._is_cleared = True
        if count:
            await self._note("openai_agents.cleared", count)

    async def _read(self, last: int, before: str | None) -> Any:
        """Read a page of items, the last ones before a cursor; None if there is no session."""
        data = await self.client.query(
            _ITEMS, session=self.session_id, collection=_COLLECTION, last=last, before=before
        )
        return data["session"] and data["session"]["items"]

    async def _item(self, node: Any) -> TResponseInputItem:
        item: TResponseInputItem = await read_document(
            self.client, self.session_id, _COLLECTION, node
        )
        return item

    async def _add(self, items: Sequence[_Item], wrapper: RunContextWrapper[Any] | None) -> None:
        if self._current is None:
            await self._find_place()
        reader = await self._reader(items)
        # a compaction gives the history back in other words: nobody has said anything
        is_replay = self._is_cleared and any(kind_of(item.value) == "compaction" for item in items)
        puts: list[PutSessionItemInput] = [
            {
                "session": self.session_id,
                "collection": _COLLECTION,
                "key": key,
                "value": item,
                "metadata": {} if is_replay else reader.read(item, key),
            }
            for key, _, item in items
        ]
        answered = [output.call_id for item in items if (output := output_of(item.value))]
        told = [*self._decisions(answered, wrapper), *reader.records]
        await self._record(put_documents(puts), told)
        self._current = reader.current
        self._is_cleared = False

    async def _record(self, needed: list[BatchRecordInput], told: list[BatchRecordInput]) -> None:
        """Record, with the session itself if it is not there, or not there any more."""
        for last in (False, True):
            start = [] if self._exists else await self._creation()
            try:
                await record_leniently(self.client, [*start, *needed], told)
            except (Conflict, NotFound) as error:
                if last:
                    raise
                self._exists = isinstance(error, Conflict)
            else:
                self._exists = True
                return

    async def _creation(self) -> list[BatchRecordInput]:
        made: CreateSessionInput = {"sessionId": self.session_id, "source": SOURCE}
        if self._agent is not None:
            made["agent"] = self._agent
            named: BatchRecordInput = {"createAgent": {"agentId": self._agent, "name": self._agent}}
            await self.client.record([named], partial=True)
        if self._user_id is not None:
            made["userId"] = self._user_id
        return [{"createSession": made}]

    async def _find_place(self) -> None:
        """Find out whose turn it is: another process may have handed it over."""
        found = await self._read(1, None)
        self._exists = found is not None
        last = found["nodes"][0]["metadata"] if found and found["nodes"] else {}
        self._current = last.get("next") or last.get("session") or self.session_id

    async def _reader(self, items: Sequence[_Item]) -> Normalizer:
        """Make a reader that knows the calls from before that something follows from."""
        current = self._current or self.session_id
        ours = {call_id_of(item.value) for item in items if call_of(item.value)}
        outputs = [output for item in items if (output := output_of(item.value))]
        wanted = {
            output.call_id
            for output in outputs
            if output.call_id is not None
            and output.call_id not in ours
            and (handed_to(output) is not None or self.hooks.has_sub_agent(output.call_id))
        }
        found = await find_calls(self.client, self.session_id, wanted) if wanted else {}
        calls = {call_id: (call["id"], call["toolName"]) for call_id, call in found.items()}
        return Normalizer(self.session_id, current, self.hooks, calls, self._recorded)

    async def _note(self, event_type: str, count: int) -> None:
        """Note an event; what it tells of has happened in any case."""
        event: BatchRecordInput = {
            "createSessionEvent": {
                "session": self.session_id,
                "eventType": event_type,
                "eventData": {"itemCount": count},
            }
        }
        try:
            await self.client.record([event])
        except SessiongraphError as error:
            _logger.warning("The event %s was not noted: %s", event_type, error)


def _parts(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """Divide items, in order, into parts that a batch can take."""
    part: list[_Item] = []
    size = 0
    for item in items:
        if part and (len(part) == _MOST_ITEMS or size + len(item.text) > _MOST_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(item)
        size += len(item.text)
    if part:
        yield part
