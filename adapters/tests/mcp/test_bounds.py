"""Whose memories are served: `--agent`, `--user` and `--session`."""

from sessiongraph_client import SessiongraphClient
from sessiongraph_client.schema_types import BatchRecordInput, CreateMemoryInput

from tests.conftest import Server
from tests.mcp.connections import by_stdio, call, refusal
from tests.mcp.test_tools import uses

OWNERS = """query ($memory: ID!) {
  memory(id: $memory) { userId agent { agentId } session { sessionId } }
}"""


def made(name: str, agent: str | None, user: str | None) -> BatchRecordInput:
    memory: CreateMemoryInput = {
        "memoryId": name,
        "type": "note",
        "content": name,
        "agent": agent,
        "userId": user,
    }
    return {"createMemory": memory}


async def test_memories_are_tied_to_agent_user_and_session(
    server: Server, api_key: str, client: SessiongraphClient
) -> None:
    await client.record(
        [
            {"createAgent": {"agentId": "tutor", "name": "Tutor"}},
            {"createAgent": {"agentId": "other", "name": "Other"}},
            {"createSession": {"sessionId": "lesson-1"}},
            made("shared", None, None),
            made("of-tutor", "tutor", None),
            made("of-other", "other", None),
            made("about-ada", None, "ada"),
            made("about-bob", "tutor", "bob"),
        ]
    )
    bounds = ("--agent", "tutor", "--user", "ada", "--session", "lesson-1")
    async with by_stdio(server.url, api_key, *bounds) as tools:
        found = (await call(tools, "search_memories"))["memories"]
        assert {each["memory_id"] for each in found} == {"shared", "of-tutor", "about-ada"}
        for name in ("of-other", "about-bob"):
            assert "There is no memory" in await refusal(tools, "read_memory", memory=name)
            assert "There is no memory" in await refusal(
                tools, "annotate_memory", memory=name, remark="x"
            )
            relations = [{"memory": name, "relation_type": "SUPERSEDES"}]
            assert "There is no memory" in await refusal(
                tools, "write_memory", text="x", relations=relations
            )
            await refusal(tools, "write_memory", memory=name, text="x")
        written = await call(tools, "write_memory", text="Ada likes geometry.")
        own_id = written["memory"]["id"]
        owners = (await client.query(OWNERS, memory=own_id))["memory"]
        assert owners == {
            "userId": "ada",
            "agent": {"agentId": "tutor"},
            "session": {"sessionId": "lesson-1"},
        }
        (use,) = await uses(client, own_id)
        assert (use["accessedBy"], use["session"]) == ("tutor", {"sessionId": "lesson-1"})
    kept = await client.query(
        """query { memories(filter: {memoryId: {in: ["of-other", "about-bob"]}}) {
          nodes { state revision accessCount annotations { totalCount } }
        } }"""
    )
    assert kept["memories"]["nodes"] == 2 * [
        {"state": "ACTIVE", "revision": 1, "accessCount": 0, "annotations": {"totalCount": 0}}
    ]


async def test_a_session_that_is_not_there_is_told(server: Server, api_key: str) -> None:
    async with by_stdio(server.url, api_key, "--session", "nowhere") as tools:
        assert "session" in await refusal(tools, "write_memory", text="x")
