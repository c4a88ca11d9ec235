"""200 mutations of every kind, each with a key of its own, for clients that send them all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TREES = 7

ROWS = {
    "agents": 2,
    "agent_versions": 4,
    "agent_metrics": 4,
    "sessions": 3 * TREES + 1,
    "messages": 3 * TREES + 1,
    "tool_calls": 3 * TREES,
    "confirmations": TREES + 3,
    "module_states": TREES,
    "state_transitions": 3 * TREES,
    "memories": 3 * TREES,
    "memory_relations": 3 * TREES,
    "memory_revisions": TREES,
    "memory_accesses": 2 * TREES,
    "memory_annotations": TREES,
    "session_metrics": TREES,
    "session_items": TREES,
    "idempotency_keys": 200,
}
"""How many rows of each table there are once all are recorded, each once."""


@dataclass(frozen=True)
class AnswerOf:
    """The id in another mutation's answer, which stands at a place of that mutation's payload."""

    key: str
    place: tuple[str | int, ...]

    def read(self, answers: Mapping[str, Any]) -> Any:
        """Read the id from a client's answers."""
        value = answers[self.key]
        for step in self.place:
            value = value[step]
        return value


@dataclass(frozen=True)
class KeyedMutation:
    """A mutation whose input may name what other mutations answer.

    It may be refused as NOT_FOUND or CONFLICT until others are recorded. `after` are the keys of
    those that it would keep from being recorded.
    """

    key: str
    mutation: str
    selection: str
    values: dict[str, Any]
    after: tuple[str, ...] = ()

    def is_ready(self, answers: Mapping[str, Any]) -> bool:
        """Whether all that the input names is known to a client."""
        named = [value.key for value in _leaves(self.values) if isinstance(value, AnswerOf)]
        return all(key in answers for key in (*named, *self.after))

    def body(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Give the body of the request, with the ids from a client's answers."""
        kind = f"{self.mutation[0].upper()}{self.mutation[1:]}Input"
        return {
            "query": f"mutation ($input: {kind}!) {{ {self.mutation}(input: $input)"
            f" {{ replayed {self.selection} }} }}",
            "variables": {"input": _filled(self.values, answers) | {"idempotencyKey": self.key}},
        }


def _leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _leaves(item)
    yield value


def _filled(value: Any, answers: Mapping[str, Any]) -> Any:
    if isinstance(value, AnswerOf):
        return value.read(answers)
    if isinstance(value, dict):
        return {name: _filled(item, answers) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, answers) for item in value]
    return value


def keyed_mutations() -> list[KeyedMutation]:
    """Give the mutations in an order in which none is refused."""
    made = [*_agents(), *_questions(), *_deletion()]
    for number in range(TREES):
        made += _tree(f"tree {number}", is_odd=number % 2 == 1)
    assert len({mutation.key for mutation in made}) == len(made) == 200
    return made


def _agents() -> Iterator[KeyedMutation]:
    for number in range(2):
        agent = f"agent {number}"
        values = {"agentId": agent, "name": "Agent"}
        yield KeyedMutation(agent, "createAgent", "agent { id }", values)
        figure = {"metricType": "m", "metricValue": number}
        yield KeyedMutation(
            f"{agent} metric",
            "recordAgentMetric",
            "agentMetric { id }",
            {"agent": agent, **figure},
        )
        version = ""
        for version in (f"{agent} version 1", f"{agent} version 2"):
            selection = "agentVersion { id versionNumber }"
            values = {"agent": agent, "versionNumber": version}
            yield KeyedMutation(version, "createAgentVersion", selection, values)
            made = {"agentVersion": AnswerOf(version, ("agentVersion", "id"))}
            yield KeyedMutation(f"{version} active", "activateAgentVersion", selection, made)
        yield KeyedMutation(
            f"{version} metric", "recordAgentMetric", "agentMetric { id }", {**made, **figure}
        )


def _questions() -> Iterator[KeyedMutation]:
    session = {"session": "asked"}
    yield KeyedMutation(
        "asked", "createSession", "session { id }", {"sessionId": "asked", "agent": "agent 0"}
    )
    yield KeyedMutation(
        "asked message",
        "recordMessage",
        "message { id sequence }",
        {**session, "role": "SYSTEM", "content": "Ask", "inputTokens": 1},
    )
    answers: list[tuple[str, dict[str, Any]]] = [
        ("clearConfirmation", {}),
        ("clearConfirmation", {"reason": "r"}),
        ("decideConfirmation", {"decision": "DENIED", "reason": "r"}),
    ]
    for number, (mutation, values) in enumerate(answers):
        question = f"question {number}"
        yield KeyedMutation(
            question,
            "requestConfirmation",
            "confirmation { id }",
            {**session, "toolName": question},
        )
        asked = {"confirmation": AnswerOf(question, ("confirmation", "id"))}
        yield KeyedMutation(
            f"{question} answered", mutation, "confirmation { id status }", {**asked, **values}
        )


def _deletion() -> Iterator[KeyedMutation]:
    yield KeyedMutation("gone", "createSession", "created", {"sessionId": "gone"})
    message = {"session": "gone", "role": "USER", "content": "Hello"}
    yield KeyedMutation("gone message", "recordMessage", "__typename", message)
    yield KeyedMutation(
        "gone deleted",
        "deleteSession",
        "deletedSessionId deletedSessionCount",
        {"session": "gone"},
        after=("gone message",),
    )


def _tree(root: str, *, is_odd: bool) -> Iterator[KeyedMutation]:
    child, grandchild = f"{root} child", f"{root} grandchild"
    calls = [{"toolName": "t", "toolCallId": name, "arguments": {"q": name}} for name in "abc"]
    asked = AnswerOf(f"{root} calls", ("toolCalls", 0, "id"))
    session = "session { id }"
    message = "message { id sequence }"
    inputs: list[tuple[str, str, str, dict[str, Any]]] = [
        (root, "createSession", session, {"sessionId": root, "title": "T"}),
        (
            child,
            "createSession",
            session,
            {"sessionId": child, "parent": root, "spawnedByToolCall": asked},
        ),
        (grandchild, "createSession", session, {"sessionId": grandchild, "parent": child}),
        (
            f"{root} message",
            "recordTurn",
            "messages { id sequence }",
            {
                "session": root,
                "messages": [{"role": "USER", "content": "Hello", "costUsd": 0.25}],
            },
        ),
        (
            f"{root} calls",
            "recordMessage",
            f"{message} toolCalls {{ id toolCallId attempt }}",
            {"session": root, "role": "ASSISTANT", "toolCalls": calls, "outputTokens": 3},
        ),
        (
            f"{root} answer",
            "recordMessage",
            message,
            {"session": root, "role": "TOOL", "toolCallId": "a", "content": "found"},
        ),
        (
            f"{root} result",
            "recordToolCallResult",
            "toolCall { id status }",
            {"toolCall": "b", "session": root, "status": "FAILED", "errorType": "e"},
        ),
        (
            f"{root} question",
            "requestConfirmation",
            "confirmation { id toolName }",
            {"session": root, "toolCall": "c"},
        ),
        (
            f"{root} decision",
            "decideConfirmation",
            "confirmation { id status }",
            {
                "confirmation": AnswerOf(f"{root} question", ("confirmation", "id")),
                "decision": "DENIED" if is_odd else "APPROVED",
            },
        ),
        (f"{root} event", "createSessionEvent", "sessionEvent { id sequence }", _own_event(root)),
        (
            f"{root} metric",
            "recordBatch",
            "results { id }",
            {
                "records": [
                    {
                        "recordSessionMetric": {
                            "session": child,
                            "metricType": "m",
                            "metricValue": 1.5,
                        }
                    },
                    {"putSessionItem": {**_item(child), "metadata": {"a": 1}}},
                ]
            },
        ),
        (f"{root} first change", "updateSession", session, _change(root, 1)),
        (f"{root} second change", "updateSession", session, _change(root, 2)),
        (f"{root} end", "endSession", "session { id status }", {"session": grandchild}),
    ]
    yield from (KeyedMutation(*one) for one in inputs)
    yield from _state(root)
    yield from _memories(root, child, grandchild, is_odd=is_odd)


def _own_event(session: str) -> dict[str, Any]:
    return {"session": session, "eventType": "own", "eventData": {"a": 1}}


def _item(session: str) -> dict[str, Any]:
    return {"session": session, "collection": "c", "key": "k", "value": {"b": 1, "a": 2}}


def _change(session: str, revision: int) -> dict[str, Any]:
    return {"session": session, "title": f"T{revision}", "expectedRevision": revision}


def _state(session: str) -> Iterator[KeyedMutation]:
    module = {"session": session, "moduleId": "module"}
    changes: list[tuple[str, dict[str, Any]]] = [
        ("upsertModuleState", {"state": {"n": 0}}),
        ("recordStateTransition", {"newValues": {"m": 1}}),
        ("upsertModuleState", {"state": {"n": 2}, "snapshotReason": "r"}),
    ]
    for revision, (mutation, values) in enumerate(changes):
        yield KeyedMutation(
            f"{session} state {revision}",
            mutation,
            "moduleState { id } stateTransition { id revision }",
            {**module, **values, "expectedRevision": revision},
        )


def _memories(root: str, child: str, grandchild: str, *, is_odd: bool) -> Iterator[KeyedMutation]:
    names = [f"{root} memory {number}" for number in range(3)]
    first, second, third = names
    made = {name: AnswerOf(name, ("memory", "id")) for name in names}
    selection = "memory { id } relations { id }"
    content = {"type": "fact", "content": {"a": 1}}

    def supersede(*others: str) -> dict[str, Any]:
        over = [{"memory": made[other], "relationType": "SUPERSEDES"} for other in others]
        return {**content, "relations": over}

    both = (first, second) if is_odd else (second, first)
    inputs: list[tuple[str, str, str, dict[str, Any]]] = [
        (first, "createMemory", selection, {**content, "memoryId": first, "session": root}),
        (second, "createMemory", selection, {**supersede(first), "session": child}),
        (third, "createMemory", selection, supersede(*both)),
        (
            f"{first} read",
            "recordMemoryAccess",
            "memoryAccess { id }",
            {"memory": made[first], "session": root, "accessType": "READ"},
        ),
        (
            f"{second} read",
            "recordMemoryAccess",
            "memoryAccess { id }",
            {"memory": made[second], "session": grandchild, "accessType": "READ"},
        ),
        (
            f"{first} changed",
            "updateMemory",
            "memory { id }",
            {"memory": made[first], "importance": 1, "expectedRevision": 1},
        ),
        (
            f"{first} remark",
            "createMemoryAnnotation",
            "memoryAnnotation { id }",
            {
                "memory": made[first],
                "annotationType": "note",
                "content": 1,
                "annotatorKind": "CODE",
            },
        ),
        (
            f"{first} remark applied",
            "applyMemoryAnnotation",
            "memoryAnnotation { id isApplied }",
            {"memoryAnnotation": AnswerOf(f"{first} remark", ("memoryAnnotation", "id"))},
        ),
    ]
    yield from (KeyedMutation(*one) for one in inputs)
