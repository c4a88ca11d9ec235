"""Reads a store over GraphQL as a client would: page by page."""

import re
from datetime import datetime
from typing import Any

from tests.graphql_client import GraphQLClient

Node = dict[str, Any]

_TIME = re.compile(r"\w+At")

_SESSION = """id sessionId kind depth parent { sessionId } root { sessionId } agent { agentId }
    userId status purpose businessContext tags source context metadata qualityScore
    userSatisfaction learningOutcomes startedAt endedAt createdAt messageCount toolCallCount"""
_CALL = "toolCallId toolName arguments result status errorMessage startedAt index attempt"
_MESSAGE = f"""sequence role content responseType metadata createdAt
    toolCalls(first: 20) {{ nodes {{ {_CALL} }} }}"""
_CONFIRMATION = "toolName arguments userMessage status createdAt toolCall { toolCallId }"
_METRIC = "metricType metricValue metadata recordedAt"
_STATE = "id moduleId stateType version state stateHash revision expiresAt createdAt updatedAt"
_TRANSITION = """revision isPatch triggerType triggerId transitionData previousValues newValues
    createdAt"""
_EVENT = "sequence eventType eventData durationMs occurredAt"
_AGENT = "id agentId name description metadata createdAt activeVersion { versionNumber }"
_VERSION = """versionNumber changes performance createdBy isActive activatedAt deactivatedAt
    createdAt"""
_MEMORY = """id agent { agentId } userId session { sessionId } type memoryType content importance
    confidence sourceType state expiresAt accessCount lastAccessedAt embedding metadata
    createdAt"""
_ACCESS = "sequence accessType accessedBy accessorType context usefulness occurredAt"
_ANNOTATION = "annotationType content createdBy isApplied appliedAt createdAt"
_RELATION = "relationType relatedMemory { metadata }"


class Reader:
    """A client that reads all there is of something."""

    def __init__(self, graphql: GraphQLClient) -> None:
        self._graphql = graphql

    async def sessions(self) -> dict[str, Node]:
        """Give all sessions by their own names."""
        return {node["sessionId"]: node for node in await self._all("sessions", _SESSION)}

    async def agents(self) -> dict[str, Node]:
        """Give all agents by their own names."""
        return {node["agentId"]: node for node in await self._all("agents", _AGENT)}

    async def memories(self) -> dict[str, Node]:
        """Give all memories by the ids that they had."""
        nodes = await self._all("memories", _MEMORY)
        return {node["metadata"]["importedId"]: node for node in nodes}

    async def messages(self, session: str) -> list[Node]:
        """Give a session's messages with their calls, in order."""
        return await self._all_of("session", session, "messages", _MESSAGE)

    async def confirmations(self, session: str) -> list[Node]:
        """Give a session's confirmations."""
        return await self._all_of("session", session, "confirmations", _CONFIRMATION)

    async def metrics(self, session: str) -> list[Node]:
        """Give a session's metrics."""
        return await self._all_of("session", session, "metrics", _METRIC)

    async def events(self, session: str) -> list[Node]:
        """Give a session's feed, in order."""
        return await self._all_of("session", session, "events", _EVENT)

    async def states(self, session: str) -> dict[str, Node]:
        """Give the states of a session's modules by module, with `transitions` and `snapshots`."""
        nodes = await self._all_of("session", session, "moduleStates", _STATE)
        for node in nodes:
            node["transitions"] = await self._all_of(
                "moduleState", node["id"], "transitions", _TRANSITION
            )
            node["snapshots"] = await self._all_of(
                "moduleState", node["id"], "snapshots", "revision reason"
            )
        return {node["moduleId"]: node for node in nodes}

    async def versions(self, agent: str) -> list[Node]:
        """Give an agent's versions."""
        return await self._all_of("agent", agent, "versions", _VERSION)

    async def agent_metrics(self, agent: str) -> list[Node]:
        """Give an agent's metrics."""
        return await self._all_of("agent", agent, "metrics", "timeframe " + _METRIC)

    async def accesses(self, memory: str) -> list[Node]:
        """Give the accesses of a memory, by its id."""
        return await self._all_of("memory", memory, "accesses", _ACCESS)

    async def annotations(self, memory: str) -> list[Node]:
        """Give the annotations of a memory, by its id."""
        return await self._all_of("memory", memory, "annotations", _ANNOTATION)

    async def relations(self, memory: str) -> list[Node]:
        """Give what a memory bears on, by its id."""
        return await self._all_of("memory", memory, "relations", _RELATION)

    async def _all(self, field: str, selection: str) -> list[Node]:
        document = f"""query($after: String) {{ {field}(first: 200, after: $after) {{
            nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
        return await self._pages(document, [field])

    async def _all_of(self, parent: str, name: str, field: str, selection: str) -> list[Node]:
        document = f"""query($id: ID!, $after: String) {{ {parent}(id: $id) {{
            {field}(first: 200, after: $after) {{
            nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
        return await self._pages(document, [parent, field], id=name)

    async def _pages(self, document: str, path: list[str], **variables: Any) -> list[Node]:
        nodes: list[Node] = []
        after = None
        while True:
            page: Any = await self._graphql.execute(document, after=after, **variables)
            for name in path:
                page = page[name]
            nodes += [_times_read(node) for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]


def _times_read(node: Node) -> Node:
    """Give a node with its times as such; what JSON documents hold is left."""
    return {
        name: datetime.fromisoformat(value)
        if _TIME.fullmatch(name) and isinstance(value, str)
        else value
        for name, value in node.items()
    }
