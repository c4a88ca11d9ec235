"""Whatever a project reads, and whatever it names, is its own."""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from orjson import dumps

from tests.graphql_client import Reply
from tests.schema.isolation.conftest import Prober, TwinStores
from tests.twin_projects import NAMES, THEIRS, THEIRS_ALONE, unknown
from tests.whole_documents import (
    SCHEMA,
    connections,
    is_connection,
    node_of,
    node_types,
    object_types,
    select_all,
)

QUERY = SCHEMA.query_type or GraphQLObjectType("Query", {})
NODES = {kind.name: kind for kind in node_types()}
_WITHOUT_MARK = NAMES | {"id", "cursor", "startCursor", "endCursor", "eventType", "stateHash"}
"""Fields whose texts the server makes, or that are the same in both projects."""


def takes_ids(argument: GraphQLArgument) -> bool:
    return bool(get_named_type(argument.type).name == "ID")


async def test_root_fields_that_take_ids(prober: Prober) -> None:
    strangers = {kind: ids[0] for kind, ids in prober.stores.their_ids.items()}
    for name, field in QUERY.fields.items():
        for argument, definition in field.args.items():
            if not takes_ids(definition):
                assert is_connection(field) or argument == "timeoutSeconds", (name, argument)
                continue
            at_once = ", timeoutSeconds: 0" if "timeoutSeconds" in field.args else ""
            is_list = isinstance(get_nullable_type(definition.type), GraphQLList)
            own = get_named_type(field.type).name
            names = [(own, THEIRS_ALONE)] if own in NODES else []
            for kind, given in [*strangers.items(), *names]:
                fits = own in {kind, "Node"}
                below = f"... on {kind} {select_all(NODES[kind], 0)}" if fits else "id"
                document = f"""query ($id: {definition.type}) {{
                  found: {name}({argument}: $id{at_once}) {{ {below} }} }}"""
                answers = [
                    await prober.ask(document, id=[each] if is_list else each)
                    for each in (given, unknown(given))
                ]
                assert answers[0] == answers[1], (name, given)
                if not fits or (
                    given == THEIRS_ALONE and own not in {"Session", "Agent", "Memory"}
                ):
                    assert answers[0].error["code"] == "BAD_USER_INPUT"
                    continue
                assert answers[0] == Reply({"found": [None] if is_list else None}, [])
                data = await prober.ask_as_they(document, id=[given] if is_list else given)
                assert data["found"] not in (None, [None]), "they find it"


async def test_everything_that_is_there(prober: Prober) -> None:
    """Every field of every type, from every root and from rows of every type."""
    seen: dict[tuple[str, str], set[str]] = {}
    for name, field in connections(QUERY):
        connection = get_named_type(field.type)
        assert isinstance(connection, GraphQLObjectType)
        document = f"{{ found: {name} {select_all(connection, 1)} }}"
        mine = (await prober.ask(document)).data or {}
        theirs = await prober.ask_as_they(document)
        _collect(theirs, seen)
        assert 0 < mine["found"]["totalCount"] < theirs["found"]["totalCount"]
    for kind, ids in prober.stores.my_ids.items():
        document = f"""query ($ids: [ID!]!) {{
          nodes(ids: $ids) {{ ... on {kind} {select_all(NODES[kind], 1)} }} }}"""
        reply = await prober.ask(document, ids=ids[:4])
        assert reply.data is not None
        assert None not in reply.data["nodes"], reply.errors[:1]
        _collect(await prober.ask_as_they(document, ids=prober.stores.their_ids[kind][:4]), seen)
    _check_marks(seen)


def _collect(value: Any, seen: dict[tuple[str, str], set[str]]) -> None:
    """Collect the values of fields, by type and field."""
    if isinstance(value, list):
        for each in value:
            _collect(each, seen)
    elif isinstance(value, dict):
        kind = str(value.get("__typename"))
        for name, inner in value.items():
            if inner is not None:
                seen.setdefault((kind, name.removeprefix(f"{kind}_")), set()).add(str(inner))
            _collect(inner, seen)


def _check_marks(seen: dict[tuple[str, str], set[str]]) -> None:
    """Whatever text and document a project holds tells whose it is, or no test would see a leak."""
    for kind in object_types():
        if kind.name.endswith("Payload") or kind.name in {"BatchResult", "RecordError"}:
            continue
        if kind.name.endswith("Change"):  # of subscriptions (test_following.py)
            continue
        for name, field in kind.fields.items():
            assert (kind.name, name) in seen, f"{kind.name}.{name} is never told"
            if get_named_type(field.type).name not in {"String", "JSON"}:
                continue
            if name not in _WITHOUT_MARK:
                values = seen[kind.name, name]
                assert any(THEIRS.text in value for value in values), (kind.name, name, values)


CONNECTIONS = [
    (kind, name, field) for kind in (QUERY, *object_types()) for name, field in connections(kind)
]
"""Every connection there is, with the type that has it."""


async def pair(prober: Prober, kind: GraphQLObjectType, name: str) -> tuple[str, str]:
    """Give twin rows of a type with many rows in a connection: that of this project and theirs."""
    if kind is QUERY:
        return "", ""
    ids = prober.stores.their_ids[kind.name][: len(prober.stores.my_ids[kind.name])]
    document = f"""query ($ids: [ID!]!) {{
      nodes(ids: $ids) {{ ... on {kind.name} {{ found: {name} {{ totalCount }} }} }} }}"""
    counted = (await prober.ask_as_they(document, ids=ids))["nodes"]
    place = max(range(len(ids)), key=lambda each: counted[each]["found"]["totalCount"])
    return prober.stores.my_ids[kind.name][place], ids[place]


def within(kind: GraphQLObjectType, parent: str, selection: str) -> str:
    """Write a query of fields of the root, or of a row."""
    if kind is QUERY:
        return f"{{ {selection} }}"
    return f'{{ node(id: "{parent}") {{ ... on {kind.name} {{ {selection} }} }} }}'


def filters(kind: GraphQLInputObjectType, stores: TwinStores) -> tuple[str, str, str]:
    """Filters by every comparator that takes an id, with a row and a name of the other project.

    The first finds what is like any of them, the second what is not, the third what differs from
    each.
    """
    like: list[str] = []
    unlike: list[str] = []
    for field, comparator in kind.fields.items():
        operators = get_named_type(comparator.type)
        if not isinstance(operators, GraphQLInputObjectType) or operators is kind:
            continue
        for operator, operand in operators.fields.items():
            if get_named_type(operand.type).name != "ID":
                continue
            noun = _NOUNS.get(field, field[0].upper() + field[1:])
            noun = kind.name.removesuffix("Filter") if field == "id" else noun
            given = stores.their_ids[noun][:1]
            if operators.name == "IDOrNameFilter":
                given.append(THEIRS_ALONE)
            is_list = isinstance(get_nullable_type(operand.type), GraphQLList)
            (unlike if operator in _NEGATIVE else like).extend(
                f"{{{field}: {{{operator}: {dumps(each).decode()}}}}}"
                for each in ([given] if is_list else given)
            )
    either = f"{{or: [{', '.join(like)}]}}"
    return either, f"{{not: {either}}}", f"{{and: [{', '.join(unlike)}]}}"


_NEGATIVE = {"ne"}
_NOUNS = {
    **dict.fromkeys(("parent", "root", "childSession"), "Session"),
    **dict.fromkeys(("sourceMessage", "resultMessage"), "Message"),
    "relatedMemory": "Memory",
    "spawnedByToolCall": "ToolCall",
}
"""What fields refer to that are not called by their noun."""


async def test_filters_that_name_an_object(prober: Prober) -> None:
    found = set()
    shown = "{ totalCount nodes { id } }"
    for kind, name, field in CONNECTIONS:
        filter_type = get_named_type(field.args["filter"].type)
        assert isinstance(filter_type, GraphQLInputObjectType)
        asked = [
            f"f{place}: {name}(filter: {each}) {shown}"
            for place, each in enumerate(filters(filter_type, prober.stores))
        ]
        mine, _ = await pair(prober, kind, name)
        reply = await prober.ask(within(kind, mine, " ".join([*asked, f"all: {name} {shown}"])))
        assert reply.data is not None, reply.errors[:1]
        like, unlike, different, every = (
            reply.data if kind is QUERY else reply.data["node"]
        ).values()
        assert like["nodes"] == [], f"{kind}.{name}: what is of theirs finds nothing"
        assert every["nodes"], f"{kind}.{name}"
        assert unlike == different == every
        found.add(filter_type.name)
    assert found == {
        name
        for name in SCHEMA.type_map
        if f"{name.removesuffix('Filter')}" in NODES and name.endswith("Filter")
    }


async def test_cursors(prober: Prober) -> None:
    """A cursor of the other project is a place among values; no row of theirs stands behind it."""
    found_orders = set()
    for kind, name, field in CONNECTIONS:
        orders = [""]
        if "orderBy" in field.args:
            order_type = get_named_type(field.args["orderBy"].type)
            assert isinstance(order_type, GraphQLInputObjectType)
            columns = get_named_type(order_type.fields["field"].type)
            assert isinstance(columns, GraphQLEnumType)
            if order_type.name not in found_orders:
                found_orders.add(order_type.name)
                orders += [
                    f"orderBy: {{field: {each}, direction: DESC}}" for each in columns.values
                ]
        mine, theirs = await pair(prober, kind, name)
        asked = [
            f"o{place}: {name}(first: 50, {order}) {{ edges {{ cursor }} }}"
            for place, order in enumerate(orders)
        ]
        found = await prober.ask_as_they(within(kind, theirs, " ".join(asked)))
        pages = (found if kind is QUERY else found["node"]).values()
        sides = [("after", "first"), ("before", "last"), ("after", "last"), ("before", "first")]
        asked = []
        for place, (order, page) in enumerate(zip(orders, pages, strict=True)):
            edges = page["edges"]
            assert len(edges) > 1, f"{kind}.{name} has rows behind a cursor"
            cursor = edges[len(edges) // 2]["cursor"]
            asked += [
                f'c{place}_{side}_{size}: {name}({size}: 50, {side}: "{cursor}", {order})'
                f" {select_connection(field)}"
                for side, size in sides[: 2 if order else 4]
            ]
        reply = await prober.ask(within(kind, mine, " ".join(asked)))
        assert not reply.errors, reply.errors[:1]


def select_connection(field: GraphQLField) -> str:
    """Select the page with all plain values of its rows."""
    plain = [
        name
        for name, each in node_of(field).fields.items()
        if is_leaf_type(get_named_type(each.type)) and not each.args
    ]
    page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    return f"{{ totalCount {page} edges {{ cursor node {{ {' '.join(plain)} }} }} }}"


async def test_other_arguments_that_take_ids(prober: Prober) -> None:
    """No field below the root takes an id but by its filter; one that does needs a test here."""
    for kind in object_types():
        for name, field in kind.fields.items():
            for argument, definition in field.args.items():
                assert not takes_ids(definition), (kind.name, name, argument)
