"""What the tools do, over each transport, and what the API tells of it afterwards."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp import Client
from sessiongraph_client import SessiongraphClient

from tests.mcp.connections import call, refusal

Connection = AbstractAsyncContextManager[Client]
USES = """query ($memory: ID!) {
  memory(id: $memory) {
    accessCount
    accesses(last: 20) {
      nodes { accessType accessedBy accessorType context queryText rank session { sessionId } }
    }
  }
}"""


async def uses(client: SessiongraphClient, memory: str) -> list[dict[str, Any]]:
    """Give a memory's accesses, oldest first."""
    found = (await client.query(USES, memory=memory))["memory"]
    accesses: list[dict[str, Any]] = found["accesses"]["nodes"]
    assert found["accessCount"] == len(accesses)
    return accesses[::-1]


async def kinds_of_use(client: SessiongraphClient, memory: str) -> list[str]:
    return [use["accessType"] for use in await uses(client, memory)]


async def test_each_tool_says_what_it_is_and_takes(connection: Connection) -> None:
    async with connection as tools:
        listed = {tool.name: tool for tool in (await tools.list_tools()).tools}
        assert set(listed) == {"search_memories", "read_memory", "write_memory", "annotate_memory"}
        for name, tool in listed.items():
            assert tool.title
            assert tool.description
            assert tool.description == tool.description.strip()
            assert tool.output_schema
            assert all("description" in each for each in tool.input_schema["properties"].values())
            assert "context" not in tool.input_schema["properties"]
            assert tool.annotations
            assert tool.annotations.read_only_hint == (name in {"search_memories", "read_memory"})
        assert listed["read_memory"].input_schema["required"] == ["memory"]
        (template,) = (await tools.list_resource_templates()).resource_templates
        assert template.uri_template == "memory://{memory}"
        assert tools.server_info
        assert tools.server_info.name == "sessiongraph"
        assert tools.server_info.version


async def test_what_is_written_is_found_read_and_remarked_on(
    connection: Connection, client: SessiongraphClient
) -> None:
    async with connection as tools:
        written = await call(
            tools,
            "write_memory",
            text="Ada drinks tea, never coffee.",
            memory="ada-drinks",
            kind="preference",
            importance=0.8,
            confidence=0.9,
            metadata={"topic": "food"},
        )
        assert written["created"]
        made = written["memory"]
        assert made["memory_id"] == "ada-drinks"
        assert (made["text"], made["content"]) == ("Ada drinks tea, never coffee.", None)
        assert (made["kind"], made["importance"], made["revision"]) == ("preference", 0.8, 1)

        found = await call(tools, "search_memories", text="COFFEE ada")
        assert found == {"memories": [made], "next": None}
        assert await call(tools, "read_memory", memory="ada-drinks") == {
            "memory": made,
            "annotations": None,
            "relations": None,
            "revisions": None,
        }
        remarked = await call(
            tools,
            "annotate_memory",
            memory=made["id"],
            remark="Since May, coffee too.",
            kind="doubt",
        )
        assert remarked["memory"] == made
        changed = await call(
            tools,
            "write_memory",
            memory="ada-drinks",
            text="Ada drinks tea and coffee.",
            reason="She said so.",
            expected_revision=1,
        )
        assert not changed["created"]
        assert changed["memory"]["text"] == "Ada drinks tea and coffee."
        assert (changed["memory"]["importance"], changed["memory"]["revision"]) == (0.8, 2)

        whole = await call(
            tools,
            "read_memory",
            memory=made["id"],
            annotations=True,
            relations=True,
            revisions=True,
        )
        assert whole["memory"] == changed["memory"]
        assert whole["annotations"] == [remarked["annotation"]]
        assert remarked["annotation"]["content"] == "Since May, coffee too."
        assert remarked["annotation"]["annotator_kind"] == "LLM"
        assert whole["relations"] == []
        (before,) = whole["revisions"]
        assert (before["text"], before["reason"]) == (made["text"], "She said so.")

        accesses = await uses(client, made["id"])
        assert [access["accessType"] for access in accesses] == [
            "CREATE",
            "SEARCH_HIT",
            "READ",
            "ANNOTATE",
            "UPDATE",
            "READ",
        ]
        for access in accesses:
            assert (access["accessedBy"], access["accessorType"]) == ("test-program", "AGENT")
            assert access["context"] == {"mcpClient": "test-program"}
        assert (accesses[1]["queryText"], accesses[1]["rank"]) == ("COFFEE ada", 0)
        assert before["changed_by"] == "test-program"


async def test_a_resource_is_a_memory(connection: Connection, client: SessiongraphClient) -> None:
    async with connection as tools:
        written = await call(tools, "write_memory", text="Ada is 36.")
        own_id = written["memory"]["id"]
        for _ in range(2):  # nothing in between may answer in the API's place
            result = await tools.read_resource(f"memory://{own_id}")
            (content,) = result.contents
            assert content.mime_type == "application/json"
            assert '"text":"Ada is 36."' in getattr(content, "text", "")
        assert await kinds_of_use(client, own_id) == ["CREATE", "READ", "READ"]


async def test_what_cannot_be_is_told_to_the_model(connection: Connection) -> None:
    async with connection as tools:
        assert "There is no memory 'nobody'." in await refusal(
            tools, "read_memory", memory="nobody"
        )
        assert "needs a text" in await refusal(tools, "write_memory", memory="empty")
        assert "less than or equal to 1" in await refusal(
            tools, "write_memory", text="x", importance=2
        )
        assert "`after`" not in await refusal(tools, "search_memories", after="no cursor")
        await call(tools, "write_memory", memory="m", text="x")
        stale = await refusal(tools, "write_memory", memory="m", text="y", expected_revision=7)
        prefix = "Error executing tool write_memory: "
        assert stale.startswith(
            f"{prefix}expectedRevision: It was changed meanwhile; read it again"
        )
