"""Agents, their versions and their metrics over the API."""

from tests.factories import create_agent, create_agent_version, create_session
from tests.graphql_client import GraphQLClient

VERSIONS = """{ agent(id: "agent") { activeVersion { versionNumber }
  versions { nodes { versionNumber isActive activatedAt deactivatedAt } } } }"""


async def test_an_agent_is_created_once(graphql: GraphQLClient) -> None:
    values = {"agentId": "agent", "name": "Agent", "description": "Helps", "metadata": {"a": 1}}
    selection = "created agent { id agentId name description metadata }"
    first = await graphql.record("createAgent", selection, **values)
    again = await graphql.record("createAgent", selection, **values)
    assert first["created"] is True
    assert again == {"created": False, "agent": first["agent"]}
    assert {name: first["agent"][name] for name in values} == values
    reply = await graphql.mutate("createAgent", "created", agentId="agent", name="Other")
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "agentId")


async def test_an_agent_is_changed(graphql: GraphQLClient) -> None:
    values = {"agentId": "agent", "name": "Agent", "description": "Helps"}
    await graphql.record("createAgent", "created", **values)
    change = {"agent": "agent", "expectedRevision": 1, "name": "Changed", "description": None}
    selection = "agent { name description metadata revision createdAt updatedAt }"
    agent = (await graphql.record("updateAgent", selection, **change))["agent"]
    assert agent["updatedAt"] > agent["createdAt"]
    told = {name: agent[name] for name in ("name", "description", "metadata", "revision")}
    assert told == {"name": "Changed", "description": None, "metadata": {}, "revision": 2}
    reply = await graphql.mutate("updateAgent", "replayed", **change)
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "expectedRevision")
    assert reply.error["currentRevision"] == 2
    unchanged = await graphql.record("updateAgent", selection, agent="agent")
    assert unchanged["agent"] == agent
    again = await graphql.record("createAgent", "created agent { name }", **values)
    assert again == {"created": False, "agent": {"name": "Changed"}}


async def test_an_agent_keeps_a_name(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    reply = await graphql.mutate("updateAgent", "replayed", agent="agent", name=None)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "name")


async def test_a_new_version_takes_over(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    await create_agent_version(graphql, "1")
    second = await create_agent_version(
        graphql, "2", configuration={"model": "m"}, changes={"c": 1}, performance={"p": 0.5}
    )
    assert second["isActive"] is True
    agent = (await graphql.execute(VERSIONS))["agent"]
    assert agent["activeVersion"] == {"versionNumber": "2"}
    newest, oldest = agent["versions"]["nodes"]
    assert (newest["versionNumber"], newest["isActive"]) == ("2", True)
    assert newest["deactivatedAt"] is None
    assert (oldest["versionNumber"], oldest["isActive"]) == ("1", False)
    assert oldest["deactivatedAt"] is not None


async def test_a_version_may_wait(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    await create_agent_version(graphql, "1")
    second = await create_agent_version(graphql, "2", activate=False)
    assert second["isActive"] is False
    agent = (await graphql.execute(VERSIONS))["agent"]
    assert agent["activeVersion"] == {"versionNumber": "1"}


async def test_the_way_back_to_an_older_version(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    first = await create_agent_version(graphql, "1")
    await create_agent_version(graphql, "2")
    for _ in range(2):
        payload = await graphql.record(
            "activateAgentVersion",
            "agentVersion { isActive } agent { activeVersion { versionNumber } }",
            agentVersion=first["id"],
        )
        assert payload["agentVersion"]["isActive"] is True
        assert payload["agent"]["activeVersion"] == {"versionNumber": "1"}


async def test_a_version_number_is_unique(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    await create_agent(graphql, "second")
    await create_agent_version(graphql, "1")
    await create_agent_version(graphql, "1", agent="second")
    reply = await graphql.mutate("createAgentVersion", "replayed", agent="agent", versionNumber="1")
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "versionNumber")
    agent = (await graphql.execute(VERSIONS))["agent"]
    assert agent["activeVersion"] == {"versionNumber": "1"}


async def test_a_session_runs_the_active_version_or_the_named_one(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    first = await create_agent_version(graphql, "1")
    await create_agent_version(graphql, "2")
    await create_session(graphql, "active", agent="agent")
    await create_session(graphql, "named", agentVersion=first["id"])
    data = await graphql.execute(
        """{ active: session(id: "active") { agentVersion { versionNumber } }
        named: session(id: "named") { agent { agentId } agentVersion { versionNumber } } }"""
    )
    assert data["active"] == {"agentVersion": {"versionNumber": "2"}}
    assert data["named"] == {"agent": {"agentId": "agent"}, "agentVersion": {"versionNumber": "1"}}


async def test_metrics_of_agent_and_version(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    await create_agent(graphql, "second")
    version = await create_agent_version(graphql, "1")
    selection = """agentMetric { metricType metricValue timeframe metadata recordedAt
      agent { agentId } agentVersion { versionNumber } }"""
    figure = {"metricType": "success_rate", "metricValue": 0.75}
    payload = await graphql.record(
        "recordAgentMetric",
        selection,
        **figure,
        agentVersion=version["id"],
        timeframe="P1D",
        metadata={"n": 4},
        recordedAt="2026-01-01T00:00:00Z",
    )
    assert payload["agentMetric"] == {
        **figure,
        "timeframe": "P1D",
        "metadata": {"n": 4},
        "recordedAt": "2026-01-01T00:00:00Z",
        "agent": {"agentId": "agent"},
        "agentVersion": {"versionNumber": "1"},
    }
    payload = await graphql.record("recordAgentMetric", selection, **figure, agent="agent")
    assert payload["agentMetric"]["agentVersion"] is None
    neither = await graphql.mutate("recordAgentMetric", selection, **figure)
    assert (neither.error["code"], neither.error["field"]) == ("BAD_USER_INPUT", "agent")
    other = await graphql.mutate(
        "recordAgentMetric", selection, **figure, agent="second", agentVersion=version["id"]
    )
    assert (other.error["code"], other.error["field"]) == ("BAD_USER_INPUT", "agentVersion")
