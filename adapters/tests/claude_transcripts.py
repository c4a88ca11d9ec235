"""Transcripts in the format in which the Claude Agent SDK's command writes them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

Entry = Any
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 5,
    "cache_read_input_tokens": 100,
    "output_tokens": 20,
    "output_tokens_details": {"thinking_tokens": 7},
}


@dataclass
class Transcript:
    """Makes the entries of a session's or a subagent's transcript, one after another."""

    session_id: str
    agent_id: str | None = None
    entries: list[Entry] = field(default_factory=list)
    _responses: int = 0

    def add(self, kind: str, *, uuid: bool = True, **values: Any) -> Entry:
        """Add an entry; those of titles, tags and the like have no uuid."""
        number = len(self.entries)
        seconds = (60 if self.agent_id else 0) + number
        entry: Entry = {
            "parentUuid": self.entries[-1].get("uuid") if self.entries else None,
            "isSidechain": self.agent_id is not None,
            "type": kind,
            "sessionId": self.session_id,
            "timestamp": (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z"),
            "cwd": "/home/ada/report",
            "gitBranch": "main",
            "version": "2.5.0",
            **values,
        }
        if uuid:
            entry["uuid"] = str(uuid5(NAMESPACE_OID, f"{self.session_id}/{self.agent_id}/{number}"))
        if self.agent_id:
            entry["agentId"] = self.agent_id
        self.entries.append(entry)
        return entry

    def mark(self, kind: str, **values: Any) -> Entry:
        """Add an entry that is no part of the conversation, such as a title or a tag."""
        self.entries.append({"type": kind, "sessionId": self.session_id, **values})
        return self.entries[-1]

    def ask(self, content: Any, **values: Any) -> Entry:
        """Let the person say something."""
        return self.add("user", message={"role": "user", "content": content}, **values)

    def respond(self, *blocks: dict[str, Any], **usage: Any) -> list[Entry]:
        """Let the model respond: an entry for each block, all with the response's id."""
        self._responses += 1
        message = {
            "id": f"msg_{self.agent_id or 'main'}_{self._responses}",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-5-5",
            "stop_reason": "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn",
            "usage": {**USAGE, **usage},
        }
        return [
            self.add("assistant", message={**message, "content": [block]}, requestId="req_1")
            for block in blocks
        ]

    def result(self, call_id: str, content: Any, *, is_error: bool = False, **values: Any) -> Entry:
        """Let a tool give back what it did."""
        block = {"type": "tool_result", "tool_use_id": call_id, "content": content}
        if is_error:
            block["is_error"] = True
        return self.ask([block], **values)


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def thinking(value: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": value, "signature": "c2lnbmVk"}


def use(call_id: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def report(session_id: str) -> tuple[list[Entry], list[Entry]]:
    """Give a session's entries and those of its subagent `a1`."""
    main = Transcript(session_id)
    main.mark("queue-operation", operation="enqueue", content="Write the report")
    main.ask("Write the report", permissionMode="default")
    main.add("attachment", attachment={"type": "date", "date": "2026-11-22"})
    main.respond(
        thinking("Which files are there?"),
        text("I look at the files."),
        use("toolu_1", "Bash", command="ls"),
        use("toolu_2", "Bash", command="rm draft.md"),
        use("toolu_3", "Read", file_path="/missing"),
    )
    main.result(
        "toolu_1",
        "draft.md",
        permissionDecision={"decision": "accept", "source": "config"},
        toolUseResult={"stdout": "draft.md", "stderr": ""},
    )
    main.result(
        "toolu_2",
        "The user doesn't want to proceed with this tool use. They said: keep it",
        is_error=True,
        permissionDecision={"decision": "reject", "source": "user_reject"},
        toolDenialKind="user-rejected",
    )
    main.result("toolu_3", "File does not exist.", is_error=True)
    main.respond(
        use("toolu_4", "Agent", description="Count words", prompt="Count them", subagent_type="x")
    )
    main.mark("ai-title", aiTitle="A report")
    main.result(
        "toolu_4",
        [text("There are 42.")],
        toolUseResult={"status": "completed", "agentId": "a1"},
    )
    main.add(
        "system",
        subtype="compact_boundary",
        content="Conversation compacted",
        compactMetadata={"trigger": "auto", "preTokens": 155000},
    )
    main.ask("This session is being continued …", isCompactSummary=True)
    question = {"questions": [{"question": "Which format?", "options": []}]}
    main.respond(use("toolu_5", "AskUserQuestion", **question))
    main.result("toolu_5", "PDF")
    main.respond(text("The report has 42 words."))
    main.mark("custom-title", customTitle="The yearly report")
    main.mark("tag", tag="finance")
    main.mark("last-prompt", lastPrompt="Write the report")
    agent = Transcript(session_id, "a1")
    metadata = {"agentType": "counter", "description": "Count words", "toolUseId": "toolu_4"}
    agent.mark("agent_metadata", **metadata)
    agent.ask("Count them")
    agent.respond(use("toolu_a", "Bash", command="wc -w draft.md"))
    agent.result("toolu_a", "42 draft.md")
    agent.mark("agent_metadata", **metadata, finished=True)
    agent.respond(text("There are 42."))
    return main.entries, agent.entries
