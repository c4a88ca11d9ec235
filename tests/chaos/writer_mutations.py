"""What a writer records: mutations of many kinds at random, most in sessions that it shares."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

SESSIONS = tuple(f"shared {number}" for number in range(6))
DRAINED = "drained"
"""A session that no writer writes to, for requests that are under way when a server drains."""
MEMORIES = 4
MERGED, REPLACED = "merged", "replaced"
"""The modules of the shared sessions: one takes merge patches alone, the other whole states."""

Values = dict[str, Any]


@dataclass(frozen=True)
class WriterMutation:
    """A mutation, what is selected of its answer, and how many rows it makes.

    What is selected never changes after it was recorded.
    """

    name: str
    selection: str
    values: Values
    rows: Counter[str]

    @property
    def document(self) -> str:
        kind = f"{self.name[0].upper()}{self.name[1:]}Input"
        return (
            f"mutation ($input: {kind}!) {{ {self.name}(input: $input)"
            f" {{ replayed {self.selection} }} }}"
        )


def preparations(
    sessions: Sequence[str] = SESSIONS, parents: Mapping[str, str] = MappingProxyType({})
) -> list[WriterMutation]:
    """Give the mutations that make what all writers share; a session's parent is made before it."""
    return [
        *[
            _create_session({"sessionId": each, "parent": parents.get(each)})
            for each in (*sessions, DRAINED)
        ],
        *[
            _upsert({"session": session, "moduleId": module, "state": {}})
            for session in sessions
            for module in (MERGED, REPLACED)
        ],
        *[_create_memory({}) for _ in range(MEMORIES)],
    ]


@dataclass
class WriterMutations:
    """Makes the mutations of one writer, and learns from their answers what the next can name."""

    name: str
    random: Random
    memories: list[str] = field(default_factory=list)
    """The ids of the memories that all share."""
    patches: dict[str, int] = field(default_factory=dict)
    """The last number that this writer put under its name in each session's merged state."""
    sessions: Sequence[str] = SESSIONS
    """Those that all share."""
    _number: int = 0
    _calls: list[str] = field(default_factory=list)
    _confirmations: list[str] = field(default_factory=list)

    def next(self) -> WriterMutation:
        """Make a mutation."""
        self._number += 1
        kinds: list[Callable[[], WriterMutation]] = [
            self._session,
            self._message,
            self._message,
            self._patch,
            self._state,
            self._event,
            self._access,
            self._turn,
            self._batch,
            self._request,
        ]
        if self._calls:
            kinds += [self._result, self._result]
        if self._confirmations:
            kinds.append(self._decision)
        return self.random.choice(kinds)()

    def learn(self, mutation: WriterMutation, answer: Values) -> None:
        """Take from a first answer what later mutations name."""
        self._calls += [call["id"] for call in answer.get("toolCalls", ())]
        if mutation.name == "requestConfirmation":
            self._confirmations.append(answer["confirmation"]["id"])

    def _shared(self) -> Values:
        return {"session": self.random.choice(self.sessions)}

    def _calls_of_a_message(self) -> list[Values]:
        # others use the same ids, whose attempts are numbered
        return [
            {"toolName": "search", "toolCallId": f"call {self.random.randrange(3)} {place}"}
            | {"arguments": {"q": self._number}}
            for place in range(self.random.randrange(3))
        ]

    def _session(self) -> WriterMutation:
        values: Values = {"sessionId": f"{self.name} {self._number}"}
        if self.random.random() < 0.5:
            values["parent"] = self.random.choice(self.sessions)
        return _create_session(values)

    def _message(self) -> WriterMutation:
        calls = self._calls_of_a_message()
        values = {"role": "ASSISTANT", "content": self.name, "inputTokens": 3, "toolCalls": calls}
        return WriterMutation(
            "recordMessage",
            "message { id sequence } toolCalls { id toolCallId attempt index }",
            self._shared() | values,
            Counter(messages=1, tool_calls=len(calls)),
        )

    def _result(self) -> WriterMutation:
        call = self._calls.pop(self.random.randrange(len(self._calls)))
        status = self.random.choice(["SUCCEEDED", "FAILED"])
        values = {"toolCall": call, "status": status, "result": {"n": self._number}}
        selection = "toolCall { id status }"
        return WriterMutation("recordToolCallResult", selection, values, Counter())

    def _new_values(self, session: str) -> Values:
        self.patches[session] = self._number
        return {"newValues": {self.name: self._number}}

    def _patch(self) -> WriterMutation:
        shared = self._shared()
        return WriterMutation(
            "recordStateTransition",
            "stateTransition { id revision }",
            shared | {"moduleId": MERGED} | self._new_values(shared["session"]),
            Counter(state_transitions=1),
        )

    def _state(self) -> WriterMutation:
        state = {"by": self.name, "number": self._number}
        return _upsert(self._shared() | {"moduleId": REPLACED, "state": state})

    def _event(self) -> WriterMutation:
        return WriterMutation(
            "createSessionEvent",
            "sessionEvent { id sequence }",
            self._shared() | {"eventType": "own", "eventData": {"n": self._number}},
            Counter(own_events=1),
        )

    def _memory_access(self) -> Values:
        return {"memory": self.random.choice(self.memories), "accessType": "READ"}

    def _access(self) -> WriterMutation:
        return WriterMutation(
            "recordMemoryAccess",
            "memoryAccess { id }",
            self._shared() | self._memory_access(),
            Counter(memory_accesses=1),
        )

    def _turn(self) -> WriterMutation:
        shared, calls = self._shared(), self._calls_of_a_message()
        values = {
            "messages": [
                {"role": "USER", "content": "Ask"},
                {"role": "ASSISTANT", "toolCalls": calls},
            ],
            "stateTransitions": [{"moduleId": MERGED, **self._new_values(shared["session"])}],
            "memoryAccesses": sorted([self._memory_access() for _ in range(2)], key=repr),
            "sessionMetrics": [{"metricType": "m", "metricValue": 1}],
        }
        return WriterMutation(
            "recordTurn",
            "messages { id sequence } toolCalls { id toolCallId attempt index }"
            " stateTransitions { id revision } memoryAccesses { id } sessionMetrics { id }",
            shared | values,
            Counter(
                messages=2,
                tool_calls=len(calls),
                state_transitions=1,
                memory_accesses=2,
                session_metrics=1,
            ),
        )

    def _batch(self) -> WriterMutation:
        # sessions in one order, and then memories: others would have to wait for a deadlock's end
        first, second, third, last = sorted([self._shared() for _ in range(4)], key=repr)
        records: list[Values] = [
            {"recordMessage": first | {"role": "USER", "content": "Batch"}},
            {"createSessionEvent": second | {"eventType": "own"}},
            {"recordMessage": third | {"role": "SYSTEM", "content": "Batch"}},
            {"recordMemoryAccess": last | self._memory_access()},
        ]
        return WriterMutation(
            "recordBatch",
            "results { id } recordedCount",
            {"records": records},
            Counter(messages=2, own_events=1, memory_accesses=1),
        )

    def _request(self) -> WriterMutation:
        return WriterMutation(
            "requestConfirmation",
            "confirmation { id toolName }",
            self._shared() | {"toolName": f"{self.name} {self._number}"},
            Counter(confirmations=1),
        )

    def _decision(self) -> WriterMutation:
        values = {
            "confirmation": self._confirmations.pop(),
            "decision": self.random.choice(["APPROVED", "DENIED"]),
        }
        selection = "confirmation { id status }"
        return WriterMutation("decideConfirmation", selection, values, Counter())


def _create_session(values: Values) -> WriterMutation:
    return WriterMutation("createSession", "session { id sessionId }", values, Counter(sessions=1))


def _upsert(values: Values) -> WriterMutation:
    return WriterMutation(
        "upsertModuleState",
        "moduleState { id } stateTransition { id revision }",
        values,
        Counter(state_transitions=1),
    )


def _create_memory(values: Values) -> WriterMutation:
    values = {"type": "fact", "content": {"a": 1}, **values}
    return WriterMutation("createMemory", "memory { id }", values, Counter(memories=1))
