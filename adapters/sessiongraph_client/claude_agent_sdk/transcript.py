"""What is known of a transcript before an append, and the sessions that an append makes."""

from dataclasses import dataclass
from typing import Any, Self, cast

from claude_agent_sdk import SessionKey, SessionSummaryEntry

from sessiongraph_client.claude_agent_sdk.content import blocks_of, string_of, text_of, time_of
from sessiongraph_client.claude_agent_sdk.entry_items import EntryItem
from sessiongraph_client.claude_agent_sdk.progress import Progress
from sessiongraph_client.claude_agent_sdk.transcript_names import (
    ENTRIES,
    item_of,
    main_name,
    session_name,
    sibling_name,
)
from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    CreateSessionInput,
    UpdateSessionInput,
)
from sessiongraph_client.stored_json import from_stored, show_json, show_text, to_stored

SOURCE = "claude_agent_sdk"
_TITLES = ("custom_title", "ai_title", "summary_hint", "first_prompt")
_LONGEST_TITLE = 1_000
_LONGEST_TAG = 512
_SPAWNING_TOOLS = ["Agent", "Task"]
_READ = """query SessiongraphClaudeTranscript(
  $session: ID!, $main: ID!, $collection: String!, $entries: String!, $keys: [String!]!
) {
  session(id: $session) {
    status
    title
    tags
    transcript: items(first: 1, filter: {collection: {eq: $collection}}) {
      nodes { value revision }
    }
    entries: items(first: 200, filter: {collection: {eq: $entries}, key: {in: $keys}}) {
      nodes { key }
    }
    confirmations(first: 200, filter: {status: {eq: PENDING}}) {
      nodes { id toolCall { toolCallId } }
    }
  }
  main: session(id: $main) { id }
}"""
_CALLS = """query SessiongraphClaudeSpawningCalls(
  $main: ID!, $other: ID!, $filter: ToolCallFilter!
) {
  main: session(id: $main) { ...Calls }
  other: session(id: $other) { ...Calls }
}
fragment Calls on Session {
  toolCalls(last: 200, filter: $filter) { nodes { id toolCallId arguments childSession { id } } }
}"""


@dataclass
class Transcript:
    """A transcript as an append finds it."""

    key: SessionKey
    name: str
    """The `sessionId` of its session."""
    session: dict[str, Any] | None
    main_exists: bool
    revision: int
    """That of the item that tells what is known of it, 0 if there is none."""
    appends: int
    summary: SessionSummaryEntry | None
    progress: Progress
    present: set[str]
    """The keys among those asked for whose entries are there."""
    asked: dict[str, str]
    """The confirmations that are pending, by the tool call's own id."""

    @classmethod
    async def read(cls, client: SessiongraphClient, key: SessionKey, keys: list[str]) -> Self:
        """Read it; `keys` are those of the entries to append."""
        name = session_name(key)
        data = await client.query(
            _READ,
            session=name,
            main=main_name(key),
            collection=item_of(key)[0],
            entries=ENTRIES,
            keys=keys,
        )
        session = data["session"]
        items = session["transcript"]["nodes"] if session else []
        known = from_stored(items[0]["value"]) if items else None
        return cls(
            key=key,
            name=name,
            session=session,
            main_exists=data["main"] is not None,
            revision=items[0]["revision"] if items else 0,
            appends=known["appends"] if known else 0,
            summary=known["summary"] if known else None,
            progress=Progress.read(known["progress"]) if known else Progress(),
            present={node["key"] for node in session["entries"]["nodes"]} if session else set(),
            asked=_asked(session) if session else {},
        )

    @property
    def agent_id(self) -> str | None:
        """The subagent's id; None for a main transcript."""
        last = self.key.get("subpath", "").rpartition("/")[2]
        return last.removeprefix("agent-") or None

    def item(self, summary: SessionSummaryEntry | None) -> BatchRecordInput:
        """Give the item that tells what is known after an append, refused after another one."""
        collection, own_key = item_of(self.key)
        known = {
            "projectKey": self.key["project_key"],
            "sessionId": self.key["session_id"],
            "subpath": self.key.get("subpath") or None,
            "appends": self.appends + 1,
            "summary": summary,
            "progress": self.progress.write(),
        }
        return {
            "putSessionItem": {
                "session": self.name,
                "collection": collection,
                "key": own_key,
                "value": to_stored(known),
                "expectedRevision": self.revision,
            }
        }

    async def sessions(
        self,
        client: SessiongraphClient,
        items: list[EntryItem],
        summary: SessionSummaryEntry | None,
    ) -> list[BatchRecordInput]:
        """Give what makes the sessions that are not there yet: its own, and that above it."""
        if self.session is not None:
            return []
        if not self.key.get("subpath"):
            made = {**_session(self.key), **_beginning(items), **labels(summary)}
            if source := _source(items):
                made["metadata"]["forkedFrom"] = show_text(source, _LONGEST_TITLE)
            return [{"createSession": cast("CreateSessionInput", made)}]
        above: SessionKey = {**self.key}
        above.pop("subpath", None)
        main: list[BatchRecordInput] = [
            {"createSession": cast("CreateSessionInput", _session(above))}
        ]
        own = {
            **_session(self.key),
            **_beginning(items),
            **await _spawning(client, self, items),
            "parent": main_name(self.key),
            "kind": "SUBAGENT",
        }
        return [
            *([] if self.main_exists else main),
            {"createSession": cast("CreateSessionInput", own)},
        ]


def labels(summary: SessionSummaryEntry | None) -> dict[str, Any]:
    """Give the title and tags of a session as its summary tells them."""
    data = summary["data"] if summary else {}
    titles = (string_of(data, name) for name in _TITLES)
    told: dict[str, Any] = {}
    if title := next(filter(None, titles), None):
        told["title"] = show_text(title, _LONGEST_TITLE)
    tag = string_of(data, "tag")
    if tag is not None and tag.strip():
        told["tags"] = [show_text(tag, _LONGEST_TAG)]
    return told


def relabel(transcript: Transcript, summary: SessionSummaryEntry) -> list[BatchRecordInput]:
    """Give what changes the session's title and tag where the transcript tells others."""
    before, now = labels(transcript.summary), labels(summary)
    session = transcript.session
    if before == now or session is None:
        return []
    changes: dict[str, Any] = {"session": transcript.name}
    if before.get("title") != now.get("title"):
        changes["title"] = now.get("title")
    gone, come = before.get("tags", []), now.get("tags", [])
    if gone != come:
        kept = [tag for tag in session["tags"] if tag not in gone and tag not in come]
        changes["tags"] = [*kept, *come]
    return [{"updateSession": cast("UpdateSessionInput", changes)}]


def end(transcript: Transcript, items: list[EntryItem]) -> list[BatchRecordInput]:
    """Give what ends the session of a subagent that has finished, as its metadata tell."""
    entries = (item.entry for item in items)
    metadata = [entry for entry in entries if entry.get("type") == "agent_metadata"]
    is_active = transcript.session is None or transcript.session["status"] in {"ACTIVE", "WAITING"}
    if not metadata or metadata[-1].get("finished") is not True or not is_active:
        return []
    return [{"endSession": {"session": transcript.name, "status": "COMPLETED"}}]


def _asked(session: dict[str, Any]) -> dict[str, str]:
    pending = session["confirmations"]["nodes"]
    return {
        node["toolCall"]["toolCallId"]: node["id"]
        for node in pending
        if node["toolCall"] and node["toolCall"]["toolCallId"]
    }


def _session(key: SessionKey) -> dict[str, Any]:
    names = {"projectKey": key["project_key"], "sessionId": key["session_id"]}
    if subpath := key.get("subpath"):
        names["subpath"] = subpath
    metadata = show_json(names, _LONGEST_TITLE)
    return {"sessionId": session_name(key), "source": SOURCE, "metadata": metadata}


def _source(items: list[EntryItem]) -> str | None:
    """Give the SDK's id of the session that the entries are copied from, if they are."""
    copied = (string_of(item.entry.get("forkedFrom"), "sessionId") for item in items)
    return next(filter(None, copied), None)


def _beginning(items: list[EntryItem]) -> dict[str, Any]:
    """Give what the first entries tell of a session: when and where it began."""
    told: dict[str, Any] = {}
    times = filter(None, (time_of(item.entry) for item in items))
    if started_at := next(times, None):
        told["startedAt"] = started_at
    context = {
        name: next(filter(None, (string_of(item.entry, name) for item in items)), None)
        for name in ("cwd", "gitBranch", "version")
    }
    told["context"] = show_json(
        {name: value for name, value in context.items() if value}, _LONGEST_TITLE
    )
    return told


async def _spawning(
    client: SessiongraphClient, transcript: Transcript, items: list[EntryItem]
) -> dict[str, Any]:
    """Give what is known of the tool call that started a subagent, and what it is told to do."""
    entries = [item.entry for item in items]
    metadata = next((entry for entry in entries if entry.get("type") == "agent_metadata"), {})
    call_id, parent = string_of(metadata, "toolUseId"), string_of(metadata, "parentAgentId")
    other = sibling_name(transcript.key, parent) if parent else main_name(transcript.key)
    wanted = {"toolName": {"in": _SPAWNING_TOOLS}}
    data = await client.query(_CALLS, main=main_name(transcript.key), other=other, filter=wanted)
    found = [data[place]["toolCalls"]["nodes"] for place in ("other", "main") if data[place]]
    calls = [call for nodes in found for call in nodes]
    call = next((call for call in calls if call_id and call["toolCallId"] == call_id), None)
    if call is None and call_id is None:
        call = _call_with_prompt(calls, entries)
    description = string_of(metadata, "description")
    description = description or string_of(call["arguments"] if call else None, "description")
    kind = string_of(metadata, "agentType")
    kind = kind or string_of(call["arguments"] if call else None, "subagent_type")
    told: dict[str, Any] = {"agentId": transcript.agent_id, "agentType": kind}
    told |= {"toolUseId": call_id or (call and call["toolCallId"]), "parentAgentId": parent}
    known = {name: value for name, value in told.items() if value}
    own = _session(transcript.key)["metadata"]
    spawned = {"spawnedByToolCall": call["id"]} if call else {}
    title = description or kind
    return {
        **spawned,
        **({"title": show_text(title, _LONGEST_TITLE)} if title else {}),
        "metadata": {**own, **show_json(known, _LONGEST_TITLE)},
    }


def _call_with_prompt(
    calls: list[dict[str, Any]], entries: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Find the call, without a session yet, whose prompt is what the subagent is asked first."""
    asked = next((entry for entry in entries if entry.get("type") == "user"), {})
    message = asked.get("message")
    prompt = text_of(blocks_of(message.get("content"))) if isinstance(message, dict) else ""
    free = (call for call in calls if call["childSession"] is None)
    return next(
        (call for call in free if prompt and string_of(call["arguments"], "prompt") == prompt),
        None,
    )
