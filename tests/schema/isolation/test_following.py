"""Whatever a project follows, and whatever it names to follow, is its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type, is_required_argument

from server.app import create_app
from server.database import create_engine
from server.open_streams import OpenStreams
from server.settings import Settings
from tests.live_server import GraphQLSocket, LiveServer, live_server
from tests.schema.isolation.conftest import Prober, TwinStores
from tests.schema.isolation.test_reading import filters, takes_ids
from tests.twin_projects import MINE, THEIRS, THEIRS_ALONE, unknown
from tests.whole_documents import SCHEMA, select_all

_ROOT = SCHEMA.subscription_type or GraphQLObjectType("Subscription", {})
_NOUNS = {"id": "Confirmation", "session": "Session", "memory": "Memory"}
"""What an argument that takes an id names."""
_MANY = {"sessions": 20, "sessionEvents": 20, "confirmations": 5}
"""Events that are looked at; each project has so many."""


@dataclass(frozen=True)
class FollowingProber:
    """Follows as the first project, with and without the second in the store."""

    stores: TwinStores
    both: LiveServer
    alone: LiveServer

    async def follow(self, document: str, most: int = 1, **variables: Any) -> list[Any]:
        """Give what comes first. Fails if the second project makes any difference."""
        told = []
        for server in (self.both, self.alone):
            async with server.client(authorization=f"Bearer {self.stores.my_key}") as client:
                told.append(await _first(client, document, most, variables))
        assert told[0] == told[1], document
        assert THEIRS.text not in str(told[0]), document
        assert str(THEIRS.number) not in str(told[0]), document
        return told[0]

    async def follow_as_they(self, document: str, most: int = 1, **variables: Any) -> list[Any]:
        """Give what comes first to the second project, whose rows are the later ones."""
        async with self.both.client(authorization=f"Bearer {self.stores.their_key}") as client:
            told = await _first(client, document, most, variables)
        assert MINE.text not in str(told), document
        assert str(MINE.number) not in str(told), document
        return told


async def _first(
    client: GraphQLSocket, document: str, most: int, variables: dict[str, Any]
) -> list[Any]:
    await client.subscribe("1", document, variables=variables)
    told: list[Any] = []
    while len(told) < most:
        message = await client.receive()
        told.append(message)
        if message["type"] != "next":
            break
        assert "errors" not in message["payload"], message
    for error in told[-1]["payload"] if told[-1]["type"] == "error" else ():
        error["extensions"].pop("requestId")
    return told


@pytest.fixture
async def following(
    prober: Prober, request: pytest.FixtureRequest
) -> AsyncIterator[FollowingProber]:
    """Follows by the plan, then by graphql-core; all statements are checked, none may write."""
    planned = "planned" in request.node.callspec.id
    engines = [prober.engine, create_engine(Settings(pool_size=20), prober.stores.alone)]
    async with AsyncExitStack() as stack:
        servers = []
        for engine in engines:
            made = Settings(
                insecure=True,
                plans_queries=planned,
                max_aliases=10_000,
                max_fields=10_000,
                max_cost=10**9,
                max_document_characters=10**6,
                max_document_tokens=10**6,
            )
            streams = OpenStreams(made)
            app = create_app(made, engine, streams)
            live = live_server(app, made, streams, "off")
            servers.append(await stack.enter_async_context(live))
        yield FollowingProber(prober.stores, *servers)
    await engines[1].dispose()


async def test_arguments_that_take_ids(prober: Prober, following: FollowingProber) -> None:
    stores, tried = following.stores, set()
    for name, field in _ROOT.fields.items():
        for argument, definition in field.args.items():
            if not takes_ids(definition):
                continue
            tried.add((name, argument))
            after = ", after: 0" if "after" in field.args else ""
            document = f"""subscription ($id: {definition.type}) {{
              {name}({argument}: $id{after}) {{ __typename }} }}"""
            given = {kind: ids[0] for kind, ids in stores.their_ids.items()}
            if name == "memoryAccesses":
                given["Memory"] = await _used_memory(prober)
            for kind, each in [*given.items(), (_NOUNS[argument], THEIRS_ALONE)]:
                ((first,), (second,)) = [
                    await following.follow(document, id=one) for one in (each, unknown(each))
                ]
                assert first == second, (name, each)
                assert first["type"] == "error"
                (error,) = first["payload"]
                is_named = each != THEIRS_ALONE or argument in {"session", "memory"}
                fits = kind == _NOUNS[argument] and is_named
                code = "NOT_FOUND" if fits else "BAD_USER_INPUT"
                assert error["extensions"]["code"] == code, (name, each)
                assert error["extensions"]["field"] == argument
                if fits:
                    (told,) = await following.follow_as_they(document, id=each)
                    assert told["type"] == "next", "they find it"
    required = {
        (name, argument)
        for name, field in _ROOT.fields.items()
        for argument, definition in field.args.items()
        if is_required_argument(definition)
    }
    assert tried == required


async def _used_memory(prober: Prober) -> str:
    """Give a memory of theirs that was used."""
    used = "{ memories(first: 100) { nodes { id accessCount } } }"
    found = (await prober.ask_as_they(used))["memories"]["nodes"]
    return str(next(each["id"] for each in found if each["accessCount"]))


_CHANGES = {"sessions": "SessionFilter", "confirmations": "ConfirmationFilter"}


@pytest.mark.parametrize("name", _CHANGES)
async def test_filters_that_name_an_object(
    prober: Prober, following: FollowingProber, name: str
) -> None:
    """What is of theirs finds nothing before my last row, and what is not finds every row."""
    kind = SCHEMA.type_map[_CHANGES[name]]
    assert isinstance(kind, GraphQLInputObjectType)
    last = following.stores.my_ids[_CHANGES[name].removesuffix("Filter")][-1]
    noun = name.removesuffix("s")
    document = f"""subscription {{ {name}(after: 0, filter: <filter>) {{
      matches {noun} {{ id }} sessionEvent {{ position }} }} }}"""
    like, unlike, different = filters(kind, following.stores)
    either = f'{{or: [{like}, {{id: {{eq: "{last}"}}}}]}}'
    (told,) = await following.follow(document.replace("<filter>", either))
    assert told["payload"]["data"][name][noun]["id"] == last
    every = await following.follow(
        document.replace("<filter>", "{id: {isNull: false}}"), _MANY[name]
    )
    assert len({each["payload"]["data"][name][noun]["id"] for each in every}) > 1
    for one in (unlike, different):
        assert await following.follow(document.replace("<filter>", one), _MANY[name]) == every


async def test_everything_that_is_told(prober: Prober, following: FollowingProber) -> None:
    """Every field of what is told, from the first event: those of others would come before mine."""
    stores = following.stores
    for name, field in _ROOT.fields.items():
        kind = get_named_type(field.type)
        assert isinstance(kind, GraphQLObjectType)
        arguments = "after: 0"
        theirs = {}
        if name == "confirmation":
            arguments = "id: $id"
            theirs = {"id": stores.their_ids["Confirmation"][0]}
        elif name == "memoryAccesses":
            arguments = "memory: $id, after: 0"
            theirs = {"id": await _used_memory(prober)}
        elif name == "sessionEvents":
            arguments = "session: $id, tree: true, after: 0"
            theirs = {"id": "s0"}
        declared = "($id: ID!)" if theirs else ""
        document = f"subscription {declared} {{ {name}({arguments}) {select_all(kind, 1)} }}"
        most = _MANY.get(name, 1)
        told = await following.follow_as_they(document, most, **theirs)
        assert len(told) == most
        mine = {each: own_id for each, own_id in theirs.items() if own_id == "s0"}
        if mine or not theirs:
            assert len(await following.follow(document, most, **mine)) == most
