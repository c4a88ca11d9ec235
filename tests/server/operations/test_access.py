"""A key does what its scope allows and no more, on both executors."""

from collections.abc import Mapping

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base, Scope
from resolvers.errors import Forbidden
from schema import schema
from server.administration.api_keys import create_key
from server.caller import Caller
from server.operations.access import check_scopes
from server.operations.document_cache import DocumentCache
from server.settings import Settings
from tests.conftest import http_client
from tests.graphql_client import GraphQLClient
from tests.mutation_inputs import mutation_inputs

_DELETIONS = {"deleteSession", "deleteMessage", "deleteSessionMessages", "deleteMemory"}


async def _contents(engine: AsyncEngine) -> dict[str, str]:
    """What every table but that of keys holds, as one hash each."""
    async with engine.connect() as connection:
        return {
            table: str(
                await connection.scalar(
                    text(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t")
                )
            )
            for table in Base.metadata.tables
            if table != "api_keys"
        }


async def _key(engine: AsyncEngine, scope: Scope) -> str:
    async with engine.begin() as connection:
        return await create_key(connection, "default", f"may {scope}", [scope])


@pytest.mark.parametrize("plans_queries", [True, False])
async def test_no_mutation_goes_beyond_its_scope(
    engine: AsyncEngine, graphql: GraphQLClient, plans_queries: bool
) -> None:
    inputs = await mutation_inputs(graphql)
    before = await _contents(engine)
    for scope, refused in ((Scope.READ, set(inputs)), (Scope.RECORD, _DELETIONS)):
        key = await _key(engine, scope)
        async with http_client(engine, key, plans_queries=plans_queries) as http:
            client = GraphQLClient(http)
            for name in refused:
                made = inputs[name]
                reply = await client.mutate(name, made.selection, **made.values)
                assert reply.data is None
                assert reply.error["code"] == "FORBIDDEN", name
                assert f"`{name}` needs the scope" in reply.error["message"]
    assert await _contents(engine) == before
    async with http_client(
        engine, await _key(engine, Scope.ADMIN), plans_queries=plans_queries
    ) as http:
        for name, made in inputs.items():
            reply = await GraphQLClient(http).mutate(name, made.selection, **made.values)
            assert not reply.errors, name


def _root_fields() -> Mapping[str, str]:
    """A document for each root field of queries and subscriptions, by its name and where it is."""
    documents = {}
    query, subscription = schema._schema.query_type, schema._schema.subscription_type
    assert query is not None
    assert subscription is not None
    roots = [("query", each) for each in query.fields.items()]
    roots += [("subscription", each) for each in subscription.fields.items()]
    for kind, (name, field) in roots:
        arguments = [
            f"{argument}: {'[]' if argument.endswith('s') else chr(34) * 2}"
            for argument, given in field.args.items()
            if is_required_argument(given)
        ]
        given = f"({', '.join(arguments)})" if arguments else ""
        selection = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
        documents[f"{kind} {name}"] = f"{kind} {{ {name}{given} {selection} }}"
    return documents


@pytest.mark.parametrize("name", _root_fields())
def test_no_root_field_is_read_without_a_scope(name: str) -> None:
    documents = DocumentCache(schema._schema, Settings())
    (operation,) = documents.prepare(_root_fields()[name]).operations
    check_scopes(operation.measure, Caller(1, frozenset({Scope.READ})))
    field = name.split()[1]
    with pytest.raises(Forbidden, match=f"`{field}` needs the scope `read`; this key has none"):
        check_scopes(operation.measure, Caller(1, frozenset(), identity="key"))


@pytest.mark.parametrize(
    "document",
    [
        'mutation { a: deleteMessage(input: {message: "x"}) { __typename } }',
        """
        mutation { createSession(input: {}) { created } ...F }
        fragment F on Mutation { ... { deleteMessage(input: {message: "x"}) { __typename } } }
        """,
        'mutation { deleteMessage(input: {message: "x"}) @skip(if: true) { __typename } }',
    ],
)
async def test_a_field_counts_wherever_it_stands(engine: AsyncEngine, document: str) -> None:
    async with http_client(engine, await _key(engine, Scope.RECORD)) as http:
        client = GraphQLClient(http)
        reply = await client.send(document)
        assert reply.data is None
        assert reply.error["message"] == (
            "`deleteMessage` needs the scope `admin`; this key has `read`, `record`."
        )
        # also where the document is known from before
        assert (await client.send(document)).error["code"] == "FORBIDDEN"
        assert await client.execute("{ sessions { totalCount } }") == {
            "sessions": {"totalCount": 0}
        }


async def test_introspection_needs_no_scope_of_its_own(engine: AsyncEngine) -> None:
    documents = DocumentCache(schema._schema, Settings())
    document = '{ __typename __schema { types { name } } __type(name: "Query") { name } }'
    (operation,) = documents.prepare(document).operations
    assert operation.measure.fields_by_scope == {}


def test_fields_of_a_node_are_read_through_its_interface() -> None:
    documents = DocumentCache(schema._schema, Settings())
    document = '{ node(id: "x") { id ... on Session { title messages { nodes { id } } } } }'
    (operation,) = documents.prepare(document).operations
    assert set(operation.measure.fields_by_scope) == {Scope.READ}
    assert isinstance(schema._schema.type_map["Session"], GraphQLObjectType)
