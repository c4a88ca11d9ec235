"""Two projects of one store with the same names in them, and a store where the second never was.

Whatever a client gives is made from the input types of the schema: the names that must be unique
are the same in both projects, all other texts, documents, numbers and times tell which project
they are of. So a new field of an input is filled without a word here.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_input_field,
)

from resolvers.identifiers import decode, encode
from tests.graphql_client import GraphQLClient
from tests.mutation_inputs import INPUT_TYPES

NAMES = {
    *("sessionId", "agentId", "memoryId", "toolCallId", "moduleId", "versionNumber"),
    *("collection", "key"),
}
"""What a runtime names by itself; the names are the same in both projects."""
THEIRS_ALONE = "nobody"
"""The name of a session, an agent, a memory and a call that only the second project has."""
_LEFT_OUT = {
    # what another revision, kind or session would be needed for
    *("expectedRevision", "kind", "partial", "metadataPatch", "previousValues"),
    *("agentVersion", "sourceMessage", "spawnedByToolCall", "parent", "relations"),
}


@dataclass(frozen=True)
class Marks:
    """What the values of a project are made of."""

    text: str
    number: int
    day: str

    def value(self, name: str, kind: GraphQLInputType) -> Any:
        """Make a value for a field of an input."""
        if isinstance(kind, GraphQLNonNull):
            return self.value(name, kind.of_type)
        if isinstance(kind, GraphQLList):
            return [self.value(name, kind.of_type)]
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self.input(kind)
        return {
            "String": f"{self.text} {name}",
            "JSON": {self.text: self.text, "field": name},
            "Int": self.number,
            "Float": self.number / 10_000_000,
            "Decimal": f"{self.number / 10_000_000:.7f}",
            "DateTime": self.day.replace("2026", "2150") if name == "expiresAt" else self.day,
            "Boolean": True,
        }[kind.name]

    def input(self, kind: GraphQLInputObjectType, **given: Any) -> dict[str, Any]:
        """Make an input with all fields but ids and those that need others; None leaves one out."""
        made = {
            name: self.value(name, field.type)
            for name, field in kind.fields.items()
            if name not in given and name not in _LEFT_OUT and not _holds_ids(field.type)
        }
        return {name: value for name, value in (made | given).items() if value is not None}


_UNKNOWN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def unknown(known: str) -> str:
    """Give an id of the same noun that exists nowhere; for a name, one that nothing has."""
    decoded = decode(known)
    return "nobody at all" if decoded is None else encode(decoded[0], _UNKNOWN)


MINE = Marks("Xmine", 1_001_001, "2026-01-10T00:00:00Z")
THEIRS = Marks("Xtheirs", 7_007_007, "2026-01-20T00:00:00Z")


_TOOL_CALL = get_named_type(INPUT_TYPES["recordMessage"].fields["toolCalls"].type)


def _holds_ids(kind: GraphQLInputType) -> bool:
    named = get_named_type(kind)
    return named.name == "ID" or named is _TOOL_CALL


def minimal_input(kind: GraphQLInputObjectType) -> dict[str, Any]:
    """Make an input of what is required, but for ids."""
    made: dict[str, Any] = {}
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if not is_required_input_field(field) or inner.name == "ID":
            continue
        if isinstance(inner, GraphQLInputObjectType):
            made[name] = [minimal_input(inner)]
        else:
            made[name] = MINE.value(name, field.type)
    return made


class _Filler:
    def __init__(self, graphql: GraphQLClient, marks: Marks) -> None:
        self._graphql = graphql
        self.marks = marks
        self._sent = 0

    async def send(self, mutation: str, selection: str, **given: Any) -> Any:
        """Send a mutation with all fields, and a key that both projects use."""
        kind = INPUT_TYPES[mutation]
        self._sent += 1
        values = self.marks.input(kind, idempotencyKey=f"key {self._sent}", **given)
        return await self._graphql.record(mutation, selection, **values)


async def fill_project(graphql: GraphQLClient, marks: Marks) -> None:
    """Record something of every noun, several times, in two trees of sessions or three."""
    filler = _Filler(graphql, marks)
    for name in ("s0", "s1"):
        await _fill_tree(filler, name)
    if marks is THEIRS:
        await _fill_tree(filler, THEIRS_ALONE)


async def _fill_tree(filler: _Filler, name: str) -> None:
    send = filler.send
    await send("createAgent", "agent { id }", agentId=name)
    await send("updateAgent", "agent { id }", agent=name)
    versions = []
    for number in ("1", "2"):
        made = await send(
            "createAgentVersion", "agentVersion { id }", agent=name, versionNumber=number
        )
        versions.append(made["agentVersion"]["id"])
        await send("recordAgentMetric", "replayed", agent=name, agentVersion=versions[-1])
    await send("activateAgentVersion", "replayed", agentVersion=versions[0])
    call = ""
    for session in (name, f"{name}.1", f"{name}.2"):
        below = {"parent": name, "spawnedByToolCall": call} if call else {}
        await send(
            "createSession",
            "replayed",
            sessionId=session,
            agent=name,
            agentVersion=versions[0],
            **below,
        )
        await send("updateSession", "replayed", session=session)
        call = await _fill_session(filler, session, name)
    await send("endSession", "replayed", session=f"{name}.2", status="COMPLETED")


async def _fill_session(filler: _Filler, session: str, agent: str) -> str:
    send, marks = filler.send, filler.marks
    call = THEIRS_ALONE if agent == THEIRS_ALONE else "call"
    messages, calls_made = [], []
    for number in range(2):
        calls = [
            marks.input(
                _TOOL_CALL,
                toolCallId=own,
                status="PENDING",
                endedAt=None,
                errorType=None,
                errorMessage=None,
                result=None,
            )
            for own in (call, f"{call} {number}")
        ]
        said = await send(
            "recordMessage",
            "message { id } toolCalls { id }",
            session=session,
            role="ASSISTANT",
            toolCalls=calls,
            toolCallId=None,
        )
        messages.append(said["message"]["id"])
        calls_made.append(said["toolCalls"][0]["id"])
        asked = await send(
            "requestConfirmation",
            "confirmation { id }",
            session=session,
            toolCall=said["toolCalls"][1]["id"],
            toolName=None,
            arguments=None,
        )
        await send(
            "decideConfirmation",
            "replayed",
            confirmation=asked["confirmation"]["id"],
            decision="APPROVED",
        )
    await send("recordMessage", "replayed", session=session, role="TOOL", toolCallId=call)
    await send("recordMessage", "replayed", session=session, role="TOOL", toolCallId="of nothing")
    await send(
        "recordToolCallResult", "replayed", session=session, toolCall=f"{call} 0", status="FAILED"
    )
    asked = await send("requestConfirmation", "confirmation { id }", session=session)
    await send("clearConfirmation", "replayed", confirmation=asked["confirmation"]["id"])
    for module in ("m", "n"):
        await send("upsertModuleState", "replayed", session=session, moduleId=module)
        second = {"step": 2, marks.text: marks.text}
        await send("upsertModuleState", "replayed", session=session, moduleId=module, state=second)
        values = {marks.text: None, "patched": marks.text}
        await send(
            "recordStateTransition", "replayed", session=session, moduleId=module, newValues=values
        )
    for _ in range(2):
        await send("createSessionEvent", "replayed", session=session)
        await send("recordSessionMetric", "replayed", session=session)
    for key in ("k", "l", "m"):
        await send("putSessionItem", "replayed", session=session, collection="c", key=key)
    await send("deleteSessionItems", "replayed", session=session, collection="c", keys=["m"])
    await _fill_memories(filler, session, agent, messages)
    return str(calls_made[0])


async def _fill_memories(filler: _Filler, session: str, agent: str, messages: list[str]) -> None:
    send = filler.send
    related: list[dict[str, Any]] = []
    for number in range(3):
        made = await send(
            "createMemory",
            "memory { id }",
            memoryId=f"{session} {number}" if number else session,
            session=session,
            agent=agent,
            sourceMessage=messages[0],
            relations=related,
        )
        memory = made["memory"]["id"]
        related.append({"memory": memory, "relationType": "RELATED"})
        for _ in range(2):
            await send("updateMemory", "replayed", memory=memory)
            await send(
                "recordMemoryAccess",
                "replayed",
                memory=memory,
                session=session,
                message=messages[0],
            )
            noted = await send("createMemoryAnnotation", "memoryAnnotation { id }", memory=memory)
        await send(
            "applyMemoryAnnotation", "replayed", memoryAnnotation=noted["memoryAnnotation"]["id"]
        )
