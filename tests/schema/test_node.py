"""`node` and `nodes` for every noun."""

from uuid import UUID

import pytest

from resolvers.identifiers import PREFIXES, encode
from schema.fields import NODE_TYPES
from tests.factories import create_agent, create_session
from tests.graphql_client import GraphQLClient

UNKNOWN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize("prefix", sorted(PREFIXES[table] for table in NODE_TYPES))
async def test_an_unknown_id_gives_null(graphql: GraphQLClient, prefix: str) -> None:
    data = await graphql.execute(
        "query ($id: ID!) { node(id: $id) { __typename id } }", id=encode(prefix, UNKNOWN)
    )
    assert data == {"node": None}


async def test_nodes_come_in_the_order_of_their_ids(graphql: GraphQLClient) -> None:
    session = await create_session(graphql)
    agent = await create_agent(graphql)
    ids = [agent["id"], encode("memory", UNKNOWN), session["id"], agent["id"]]
    data = await graphql.execute(
        """query ($ids: [ID!]!) { nodes(ids: $ids) {
          __typename id ... on Session { sessionId } ... on Agent { agentId }
        } }""",
        ids=ids,
    )
    assert data["nodes"] == [
        {"__typename": "Agent", "id": agent["id"], "agentId": "agent"},
        None,
        {"__typename": "Session", "id": session["id"], "sessionId": "session"},
        {"__typename": "Agent", "id": agent["id"], "agentId": "agent"},
    ]


async def test_what_is_stored_but_not_shown_is_no_node(graphql: GraphQLClient) -> None:
    data = await graphql.execute(
        "query ($id: ID!) { node(id: $id) { id } }", id=encode("api_key", UNKNOWN)
    )
    assert data == {"node": None}
