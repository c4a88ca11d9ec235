"""Runs of LangSmith, as its API and its exports give them: a run or a list of runs a line.

The runs of a file may come in any order. A thread is a session: the runs whose root has the same
`session_id`, `thread_id` or `conversation_id` in its metadata; a trace without one is a session
of its own. What model runs (`llm`) were sent and answered are its messages, of which a history
that is sent again is recorded once. Runs of tools tell how the calls that they answer ended. An
agent below another (`ls_agent_type: subagent`, or another `lc_agent_name`) with model runs of its
own is a child session. Other runs only tell what belongs together; a trace without model runs
has the inputs and outputs of its root for messages. Sources, as of langsmith 0.15:
https://docs.langchain.com/langsmith/run-data-format, https://docs.langchain.com/langsmith/threads,
https://docs.langchain.com/langsmith/trajectory-view-integrations.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from exchange.formats.langchain_messages import cost, read_langchain, usage
from exchange.formats.langsmith_run import Run, read_run
from exchange.formats.reading import count, member, milliseconds, outcome, text, write
from exchange.records import (
    Document,
    MessageRecord,
    SessionRecord,
    ToolCallRecord,
    Turn,
    refused_by_line,
)
from models import MessageRole, MessageStatus, SessionStatus, ToolCallStatus

_NAMELESS = {"LangGraph", "RunnableSequence", "AgentExecutor", "RunnableLambda"}


def is_langsmith(document: dict[str, Any]) -> bool:
    """Tell whether a line looks like one of this form."""
    return isinstance(document.get("run_type"), str)


def langsmith_ties(document: dict[str, Any]) -> list[str]:
    """Name the trace that a run belongs to, and the thread if it is a root. Raises `Invalid`."""
    return read_run(Document(0, document)).ties()


def read_langsmith(documents: Sequence[Document]) -> SessionRecord:
    """Read a session from its runs. Raises `LineRefusedError`."""
    runs: dict[str, Run] = {}
    for document in documents:
        with refused_by_line(document.line):
            run = read_run(document)
            runs[run.id] = run
    roots = sorted(
        (run for run in runs.values() if run.parent not in runs), key=lambda run: run.start
    )
    return _Thread(runs, roots).session()


class _Thread:
    """The runs of a session and of the agents below it."""

    def __init__(self, runs: dict[str, Run], roots: Sequence[Run]) -> None:
        self._runs = runs
        self._roots = roots
        self._calling: dict[str, list[Run]] = {}
        self._by_agent: dict[str | None, list[Run]] = {}
        for run in sorted(runs.values(), key=lambda run: (run.end or run.start, run.line)):
            if run.kind in {"llm", "tool"}:
                self._by_agent.setdefault(self._agent(run), []).append(run)
            if run.kind == "tool" and run.tool_call_id is not None:
                self._calling.setdefault(run.tool_call_id, []).append(run)

    def _agent(self, run: Run) -> str | None:
        """Give the id of the run that is the child session of a run; None if it is in none."""
        above = self._runs.get(run.parent or "")
        if run.kind == "tool" and above is not None:
            return self._agent(above)
        while above is not None:
            if run.kind == "chain" and run.starts_agent_below(above):
                return run.id
            run, above = above, self._runs.get(above.parent or "")
        return None

    def session(self) -> SessionRecord:
        """Make the session, with those below it."""
        first = self._roots[0]
        threads = [run.thread for run in (*self._roots, *self._runs.values()) if run.thread]
        name = threads[0] if threads else first.trace
        turns = list(self._turns(None))
        messages = [message for turn in turns for message in turn.messages]
        agent = first.agent
        if agent is None and first.kind == "chain" and first.name not in _NAMELESS:
            agent = first.name
        return SessionRecord(
            name=name,
            agent=agent,
            user_id=text(first.metadata.get("user_id")),
            tags=first.tags or None,
            metadata=first.metadata or None,
            started_at=first.start,
            ended_at=max((root.end for root in self._roots if root.end), default=None),
            status=SessionStatus.FAILED if self._roots[-1].error else outcome(messages),
            turns=turns,
            children=list(self._children(name, None)),
        )

    def _children(self, name: str, above: str | None) -> Iterator[SessionRecord]:
        for own_id, members in self._by_agent.items():
            if own_id is None or not any(run.kind == "llm" for run in members):
                continue
            run = self._runs[own_id]
            parent = self._runs[run.parent or ""]
            if self._agent(parent) != above:
                continue
            turns = list(self._turns(own_id))
            child_name = f"{name}/{own_id}"
            yield SessionRecord(
                name=child_name,
                agent=run.agent or run.name,
                metadata=run.metadata or None,
                started_at=run.start,
                ended_at=run.end,
                status=SessionStatus.FAILED if run.error else SessionStatus.COMPLETED,
                spawned_by=self._spawning(parent),
                turns=turns,
                children=list(self._children(child_name, own_id)),
            )

    def _spawning(self, run: Run | None) -> str | None:
        """Give the id of the tool call in which a run runs."""
        while run is not None and run.tool_call_id is None:
            run = self._runs.get(run.parent or "")
        return None if run is None else run.tool_call_id

    def _turns(self, agent: str | None) -> Iterator[Turn]:
        members = list(self._by_agent.get(agent, []))
        if agent is None:
            asked = {run.trace for run in self._runs.values() if run.kind == "llm"}
            members += [
                root for root in self._roots if root.kind == "chain" and root.trace not in asked
            ]
            members.sort(key=lambda run: (run.end or run.start, run.line))
        for run in members:
            with refused_by_line(run.line):
                turn = Turn(list(self._result(run))) if run.kind == "tool" else self._said(run)
            for message in (*turn.history, *turn.messages):
                message.line, message.trace_id = run.line, run.trace
            yield turn

    def _result(self, run: Run) -> Iterator[MessageRecord]:
        """Give the message with a tool's result; if it failed, the agent says it to the model."""
        told = run.outputs.get("output", run.outputs or None)
        if run.tool_call_id is None or told is None or run.error is not None:
            return
        if member(told, "tool_call_id") or member(told, "kwargs", "tool_call_id"):
            (read,) = read_langchain(told, "outputs.output")
        else:
            content = told if isinstance(told, str) else write(told).decode()
            read = MessageRecord(role=MessageRole.TOOL, content=content, parts=told)
        read.tool_call_id = run.tool_call_id
        read.name = read.name or run.name
        read.span_id, read.created_at = run.id, run.end
        yield read

    def _said(self, run: Run) -> Turn:
        """Give what a model was sent and answered."""
        history = [
            message
            for place, given in run.sent()
            for message in read_langchain(given, f"inputs.{place}")
        ]
        answers: list[MessageRecord] = []
        for place, given in run.answered():
            answers.extend(read_langchain(given, f"outputs.{place}"))
        if run.kind != "llm" and len(answers) > 1:
            *history, answer = answers  # a graph's state, which begins with what it was sent
            answers = [answer]
        if not answers:
            answers = [MessageRecord(role=MessageRole.ASSISTANT, parts=run.outputs or None)]
        for message in history:
            message.created_at = run.start
        answer = answers[-1]
        answer.created_at = run.end or run.start
        answer.span_id = run.id
        _describe(answer, run)
        for call in answer.tool_calls:
            self._describe_call(call)
        return Turn(answers, history)

    def _describe_call(self, call: ToolCallRecord) -> None:
        """Say of a call what the run of its tool tells."""
        running = self._calling.get(call.tool_call_id or "")
        if not running:
            return
        run = running.pop(0)
        if run.end is not None and run.end >= run.start:
            call.started_at, call.ended_at = run.start, run.end
            call.duration_ms = milliseconds(run.start, run.end)
            result = next(self._result(run), None)
            has_failed = run.error is not None or (result is not None and result.has_failed)
            call.status = ToolCallStatus.FAILED if has_failed else ToolCallStatus.SUCCEEDED
            call.result = None if result is None else result.content
            if has_failed:
                call.error_message = run.error or call.result


def _describe(answer: MessageRecord, run: Run) -> None:
    """Say of an answer what its run tells."""
    answer.provider = text(run.metadata.get("ls_provider"))
    invocation = member(run.extra, "invocation_params")
    answer.request_model = (
        text(run.metadata.get("ls_model_name"))
        or text(member(invocation, "model"))
        or text(member(invocation, "model_name"))
        or text(run.inputs.get("model"))
    )
    answer.response_model = answer.response_model or text(run.outputs.get("model"))
    answer.duration_ms = milliseconds(run.start, run.end)
    answer.time_to_first_chunk_ms = milliseconds(run.start, run.first_token)
    if run.error is not None:
        answer.status, answer.error = MessageStatus.ERROR, run.error
    if run.kind != "llm":
        return
    for name, value in usage(run.metadata.get("usage_metadata")).items():
        if getattr(answer, name) is None:
            setattr(answer, name, value)
    token_usage = member(run.outputs, "llm_output", "token_usage") or run.outputs.get("usage")
    for name, told in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
        if getattr(answer, name) is None:
            tokens = count(run.value.get(told)) or count(member(token_usage, told))
            setattr(answer, name, tokens)
    answer.cost_usd = cost(run.value.get("total_cost")) or answer.cost_usd
