"""Objects for tests, made through the API."""

from typing import Any

from tests.graphql_client import GraphQLClient


def nested(depth: int) -> Any:
    """A JSON document of lists in lists."""
    document: Any = 1
    for _ in range(depth):
        document = [document]
    return document


async def create_agent(graphql: GraphQLClient, agent_id: str = "agent") -> dict[str, Any]:
    payload = await graphql.record("createAgent", "agent { id }", agentId=agent_id, name="Agent")
    agent: dict[str, Any] = payload["agent"]
    return agent


async def create_agent_version(
    graphql: GraphQLClient, number: str = "1", agent: str = "agent", **values: Any
) -> dict[str, Any]:
    payload = await graphql.record(
        "createAgentVersion",
        "agentVersion { id isActive }",
        agent=agent,
        versionNumber=number,
        **values,
    )
    version: dict[str, Any] = payload["agentVersion"]
    return version


async def create_session(
    graphql: GraphQLClient, session_id: str = "session", **values: Any
) -> dict[str, Any]:
    payload = await graphql.record(
        "createSession", "session { id sessionId }", sessionId=session_id, **values
    )
    session: dict[str, Any] = payload["session"]
    return session


async def record_message(
    graphql: GraphQLClient, session: str = "session", **values: Any
) -> dict[str, Any]:
    payload = await graphql.record(
        "recordMessage",
        "message { id sequence } toolCalls { id attempt status }",
        **{"session": session, "role": "USER", "content": "Hello", **values},
    )
    message: dict[str, Any] = payload["message"] | {"toolCalls": payload["toolCalls"]}
    return message


async def record_tool_call(
    graphql: GraphQLClient, session: str = "session", **values: Any
) -> dict[str, Any]:
    call = {"toolName": "search", "toolCallId": "call", "arguments": {"q": 1}, **values}
    message = await record_message(graphql, session, role="ASSISTANT", toolCalls=[call])
    tool_call: dict[str, Any] = message["toolCalls"][0]
    return tool_call


async def request_confirmation(
    graphql: GraphQLClient, session: str = "session", **values: Any
) -> dict[str, Any]:
    payload = await graphql.record(
        "requestConfirmation",
        "confirmation { id status toolName arguments } session { status }",
        session=session,
        **values,
    )
    confirmation: dict[str, Any] = payload["confirmation"]
    return confirmation


async def upsert_state(
    graphql: GraphQLClient, state: Any, session: str = "session", **values: Any
) -> dict[str, Any]:
    return await graphql.record(
        "upsertModuleState",
        "changed moduleState { id revision state stateHash } stateTransition { id revision }",
        **{"session": session, "moduleId": "module", "state": state, **values},
    )


async def create_memory(graphql: GraphQLClient, **values: Any) -> dict[str, Any]:
    payload = await graphql.record(
        "createMemory", "memory { id }", **{"type": "fact", "content": {"a": 1}, **values}
    )
    memory: dict[str, Any] = payload["memory"]
    return memory


async def feed(graphql: GraphQLClient, session: str = "session") -> list[dict[str, Any]]:
    """The session's feed, all of it."""
    data = await graphql.execute(
        """query ($id: ID!) { session(id: $id) { events(first: 200) { nodes {
          sequence eventType eventData actorId subject { __typename id }
        } } } }""",
        id=session,
    )
    events: list[dict[str, Any]] = data["session"]["events"]["nodes"]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    return events


async def event_types(graphql: GraphQLClient, session: str = "session") -> list[str]:
    return [event["eventType"] for event in await feed(graphql, session)]
