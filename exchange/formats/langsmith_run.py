"""A run of LangSmith: a span, with what it was given and gave.

Source: https://docs.langchain.com/langsmith/run-data-format.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from exchange.formats.reading import member, moment, optional, require, text
from exchange.records import Document
from resolvers.errors import Invalid

_THREAD_KEYS = ("session_id", "thread_id", "conversation_id")


@dataclass
class Run:
    """A run; `value` is all that was told of it."""

    line: int
    id: str
    trace: str
    parent: str | None
    kind: str
    name: str
    start: datetime
    end: datetime | None
    first_token: datetime | None
    error: str | None
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    extra: dict[str, Any]
    value: dict[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """What the runtime says of the run."""
        found = member(self.extra, "metadata")
        return found if isinstance(found, dict) else {}

    @property
    def tags(self) -> list[str]:
        """Labels of the run; those of LangChain's own steps are none."""
        tags = self.value.get("tags")
        given = tags if isinstance(tags, list) else []
        return [tag for tag in given if text(tag) and not tag.startswith(("seq:", "graph:"))]

    @property
    def thread(self) -> str | None:
        """The name of the thread, if the run tells it."""
        names = (text(self.metadata.get(key)) for key in _THREAD_KEYS)
        return next((name for name in names if name), None) or text(self.value.get("thread_id"))

    @property
    def agent(self) -> str | None:
        """The name of the agent that runs."""
        return text(self.metadata.get("lc_agent_name")) or text(self.metadata.get("ls_agent_name"))

    @property
    def tool_call_id(self) -> str | None:
        """The id of the call that a tool's run answers, if it is told."""
        output = self.outputs.get("output")
        return (
            (
                text(self.extra.get("tool_call_id"))
                or text(member(output, "tool_call_id"))
                or text(member(output, "kwargs", "tool_call_id"))
                or text(self.metadata.get("tool_call_id"))
            )
            if self.kind == "tool"
            else None
        )

    def ties(self) -> list[str]:
        """Name what the run belongs to."""
        thread = self.thread if self.parent is None else None
        return [f"trace {self.trace}", *([f"thread {thread}"] if thread else [])]

    def starts_agent_below(self, above: "Run") -> bool:
        """Tell whether an agent of its own begins here. Runs below it have its metadata too."""
        is_other = self.agent != above.agent
        if self.metadata.get("ls_agent_type") == "subagent":
            return is_other or above.metadata.get("ls_agent_type") != "subagent"
        return is_other and self.agent is not None and above.agent is not None

    def sent(self) -> Iterator[tuple[str, Any]]:
        """Give what went in: messages, or text, each with its place."""
        messages = self.inputs.get("messages")
        if isinstance(messages, list):
            is_batch = bool(messages) and isinstance(messages[0], list)
            if is_batch and not (messages[0] and isinstance(messages[0][0], str)):
                messages = messages[0]
            yield from ((f"messages.{index}", each) for index, each in enumerate(messages))
            return
        prompts = self.inputs.get("prompts")
        if isinstance(prompts, list):
            yield from ((f"prompts.{index}", each) for index, each in enumerate(prompts))
            return
        names = ("input", "question", "query", "prompt", "text")
        given = [(name, self.inputs[name]) for name in names if text(self.inputs.get(name))]
        yield from given[:1]

    def answered(self) -> Iterator[tuple[str, Any]]:
        """Give what came out: messages, or text, each with its place."""
        generation = self.outputs.get("generations")
        while isinstance(generation, list) and generation:
            generation = generation[0]
        choices = self.outputs.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        for place, told in (
            ("generations", member(generation, "message")),
            ("choices", member(choice, "message")),
            ("message", self.outputs.get("message")),
            ("output", self.outputs.get("output")),
        ):
            if isinstance(told, dict) and (told.get("type") or told.get("role")):
                yield place, told
                return
        messages = self.outputs.get("messages")
        if isinstance(messages, list):
            yield from ((f"messages.{index}", each) for index, each in enumerate(messages))
        elif self.outputs.get("role") == "assistant":
            yield "content", self.outputs
        else:
            told = text(member(generation, "text")) or next(
                (
                    self.outputs[name]
                    for name in ("output", "answer", "text", "result")
                    if text(self.outputs.get(name))
                ),
                None,
            )
            if told is not None:
                yield "output", {"type": "ai", "content": told}


def read_run(document: Document) -> Run:
    """Read a run. Raises `Invalid`."""
    value = document.value
    start = moment(require(value, "start_time", str), "start_time")
    if start is None:
        raise Invalid("Must be a time.", field="start_time")
    own_id = require(value, "id", str)
    return Run(
        line=document.line,
        id=own_id,
        trace=optional(value, "trace_id", str) or _root(value) or own_id,
        parent=optional(value, "parent_run_id", str),
        kind=require(value, "run_type", str),
        name=optional(value, "name", str) or "",
        start=start,
        end=moment(value.get("end_time"), "end_time"),
        first_token=moment(value.get("first_token_time"), "first_token_time"),
        error=text(value.get("error")),
        inputs=_object(value, "inputs"),
        outputs=_object(value, "outputs"),
        extra=_object(value, "extra"),
        value=value,
    )


def _root(value: dict[str, Any]) -> str | None:
    """Give the trace as the order tells it: `{time}Z{id of the root}.{time}Z{id}`."""
    order = text(value.get("dotted_order"))
    return None if order is None else order.partition(".")[0].partition("Z")[2] or None


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Give an object, which exports to tables have as text."""
    told = value.get(name)
    if isinstance(told, str):
        try:
            told = orjson.loads(told)
        except ValueError as error:
            raise Invalid("Must be an object.", field=name) from error
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise Invalid("Must be an object.", field=name)
    return told
