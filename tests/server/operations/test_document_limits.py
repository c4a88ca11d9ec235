from time import thread_time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from resolvers.errors import Invalid
from schema import schema
from server.operations.document_cache import DocumentCache, PreparedDocument
from server.operations.document_limits import check_cost, measure_operations, parse_within_limits
from server.operations.document_walk import DocumentWalk, Measure
from server.operations.errors import Limited
from server.settings import Settings
from tests.server.http.hostile_documents import DOCUMENTS
from tests.server.http.toy_schema import schema as toy

SCHEMA = toy._schema
DAYS = 'from: "2026-01-01T00:00:00Z", to: "2026-01-04T00:00:00Z"'
SETTINGS = Settings()


def _measure(document: str, **variables: Any) -> Measure:
    parsed = parse(document)
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return DocumentWalk(SCHEMA, parsed, variables).measure(operation)


@pytest.mark.parametrize(
    ("document", "depth", "fields", "root_fields", "aliases"),
    [
        ("{ hello }", 1, 1, 1, 0),
        ("{ a: hello b: hello }", 1, 2, 2, 2),
        ("{ things { nodes { id name } } }", 3, 4, 1, 0),
        ("{ ... { ... on Query { hello } } }", 1, 1, 1, 0),
        ("{ ...F ...F } fragment F on Query { things { a: nodes { id } } }", 3, 6, 2, 2),
        ("{ unknown { fields { are { fields } } } }", 4, 4, 1, 0),
    ],
)
def test_fragments_count_where_they_are_spread(
    document: str, depth: int, fields: int, root_fields: int, aliases: int
) -> None:
    measure = _measure(document)
    assert (measure.depth, measure.fields) == (depth, fields)
    assert (measure.root_fields, measure.aliases) == (root_fields, aliases)


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ hello }", 0),
        ("{ things { nodes { id } } }", 20),
        ("{ things(first: 7) { nodes { id } } }", 7),
        ("{ things(last: 7) { nodes { id } } }", 7),
        ("{ things(first: 3, last: 7) { nodes { id } } }", 7),
        ("{ things(first: 0) { nodes { things { nodes { id } } } } }", 0),
        ("{ things(first: 10) { nodes { things(first: 5) { nodes { id } } } } }", 60),
        ("{ things(first: 2) { ...T } } fragment T on ThingConnection { nodes { id } }", 2),
        ("{ ...A ...A } fragment A on Query { things(first: 4) { nodes { id } } }", 8),
        ("{ a: things(first: 2) { nodes { id } } b: things(first: 3) { nodes { id } } }", 5),
        ("query ($n: Int) { things(first: $n) { nodes { id } } }", 9),
        ("query ($absent: Int) { things(first: $absent) { nodes { id } } }", 20),
        ('{ nodes(ids: ["a", "b"]) { things(first: 10) { nodes { id } } } }', 22),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", 3),
        # the resolver refuses these; they must not look like a cost
        ("{ things(first: -1) { nodes { id } } }", 20),
        ("{ things(first: 2000000000) { nodes { id } } }", 200),
        ("{ things(first: " + "9" * 5000 + ") { nodes { id } } }", 200),
        ('{ things(first: "7") { nodes { id } } }', 20),
    ],
)
def test_the_cost_is_the_objects_that_pages_could_return(document: str, cost: int) -> None:
    assert _measure(document, n=9, ids=["a", "b", "c"]).cost == cost


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ sessions(first: 2) { nodes { history(last: 5) { id } } } }", 2 * (1 + 105)),
        (
            '{ session(id: "s") { history(last: $n) { toolCalls(first: 3) { nodes { id } } } } }',
            436,
        ),
        ('{ session(id: "s") { history(last: 9999) { id } } }', 300),
        ('{ session(id: "s") { history(last: "5") { id } } }', 300),
        ('{ session(id: "s") { history { id } } }', 300),
        (
            """{ session(id: "s") { integrity { callsWithoutResult { id } callsWithoutResultCount
              resultsWithoutCall { message: id } } } }""",
            400,
        ),
        (f'{{ agent(id: "a") {{ usage({DAYS}, bucket: DAY) {{ start }} }} }}', 5),
        (f'{{ agent(id: "a") {{ usage({DAYS}, bucket: $bucket) {{ start }} }} }}', 74),
        (f'{{ agent(id: "a") {{ usage({DAYS}, bucket: CENTURY) {{ start }} }} }}', 1_000),
        (f'{{ agent(id: "a") {{ usage({DAYS}, bucket: [DAY]) {{ start }} }} }}', 1_000),
        ('{ agent(id: "a") { usage(from: $n, to: $ids, bucket: DAY) { start } } }', 1_000),
        ('{ agent(id: "a") { usage { start } } }', 1_000),
        (f'{{ memory(id: "m") {{ accessStats({DAYS}, bucket: DAY) {{ accessCount }} }} }}', 5),
        (
            f"""{{ agent(id: "a") {{ versionPerformance({DAYS}) {{
              version {{ agent {{ sessions(first: 4) {{ nodes {{ id }} }} }} }} }} }} }}""",
            200 * (1 + 4),
        ),
    ],
)
def test_a_list_costs_what_its_field_declares(document: str, cost: int) -> None:
    parsed = parse(document)
    (operation,) = parsed.definitions
    assert isinstance(operation, OperationDefinitionNode)
    variables = {"n": 9, "bucket": "HOUR", "ids": ["a"]}
    assert DocumentWalk(schema._schema, parsed, variables).measure(operation).cost == cost


def test_a_variable_left_out_has_its_default() -> None:
    document = parse("query ($n: Int = 200) { things(first: $n) { nodes { id } } }")
    (operation,) = measure_operations(SCHEMA, document, SETTINGS)
    settings = Settings(max_cost=199)

    def check(variables: dict[str, Any]) -> None:
        check_cost(SCHEMA, operation, variables=variables, settings=settings)

    for _ in range(2):
        check({"n": 199})
        # what GraphQL reads as 200 costs as much, however it is written
        for variables in ({}, {"n": 200}, {"n": 200.0}):
            with pytest.raises(Limited, match=r"200 objects .* at most 199"):
                check(variables)
        check({"n": [200]})
        check({"n": "x" * 9})
    assert operation.known_costs == {(199,): 199, (200,): 200}


def test_few_costs_are_kept() -> None:
    document = parse("query ($n: Int) { things(first: $n) { nodes { id } } }")
    (operation,) = measure_operations(SCHEMA, document, SETTINGS)
    for size in range(1000):
        check_cost(SCHEMA, operation, variables={"n": size}, settings=SETTINGS)
    assert len(operation.known_costs) == 100


@pytest.mark.parametrize(
    ("settings", "document", "limit", "value"),
    [
        ({"max_document_characters": 8}, "{ hello }", "characters", 9),
        ({"max_document_definitions": 1}, "query A { hello } query B { hello }", "definitions", 2),
        ({"max_depth": 2}, "{ things { nodes { id } } }", "levels of fields", 3),
        ({"max_fields": 2}, "{ things { nodes { id } } }", "fields", 3),
        ({"max_fields": 2}, "{ hello } fragment F on Thing { a b c }", "fields", 3),
        ({"max_aliases": 1}, "{ a: hello b: hello }", "aliases", 2),
        ({"max_root_fields": 1}, "{ hello ... { hello } }", "root fields", 2),
        (
            {"max_directives": 3},
            "query ($v: Int @a) @b { ...F @c } fragment F on Query @d { hello }",
            "directives",
            4,
        ),
    ],
)
def test_a_refusal_tells_the_limit_the_value_and_the_allowance(
    settings: dict[str, Any], document: str, limit: str, value: int
) -> None:
    made = Settings(**settings)
    with pytest.raises(Limited) as refused:
        measure_operations(SCHEMA, parse_within_limits(document, made), made)
    (allowed,) = settings.values()
    assert refused.value.extensions == {"limit": limit, "value": value, "allowed": allowed}
    assert refused.value.message.startswith(f"The document has {value} {limit};")


def test_the_usual_introspection_passes_and_a_deeper_one_does_not() -> None:
    documents = DocumentCache(SCHEMA, SETTINGS)
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    assert documents.prepare(query).operation(None).measure.introspection_lists == 1
    with pytest.raises(Limited, match="introspected lists"):
        documents.prepare(
            '{ __type(name: "A") { fields { type { fields { type { fields { name } } } } } } }'
        )


def test_cycles_are_refused() -> None:
    with pytest.raises(Invalid, match="'F' contains itself"):
        _measure("{ ...F } fragment F on Query { things { nodes { ...F } } }")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_time_for_a_bad_document_is_short(name: str) -> None:
    documents = DocumentCache(SCHEMA, SETTINGS)
    started = thread_time()
    try:
        prepared = documents.prepare(DOCUMENTS[name])
    except Exception:  # noqa: BLE001, S110  how it fails is told by other tests
        pass
    else:
        assert prepared.operations
    # a stock server takes seconds for the worst of these
    assert thread_time() - started < 2


def _keep(documents: DocumentCache, text: str) -> PreparedDocument:
    prepared = documents.prepare(text)
    documents.keep(text, prepared)
    return prepared


def test_documents_are_kept_and_the_least_recent_go_first() -> None:
    documents = DocumentCache(SCHEMA, Settings(document_cache_entries=2))
    first = _keep(documents, "{ hello }")
    _keep(documents, "query B { hello }")
    assert documents.kept("{ hello }") is first
    _keep(documents, "query C { hello }")
    assert len(documents) == 2
    assert documents.kept("{ hello }") is first
    assert documents.kept("query B { hello }") is None


def test_kept_documents_are_bounded_by_their_length() -> None:
    documents = DocumentCache(SCHEMA, Settings(document_cache_characters=30))
    _keep(documents, "{ hello }")
    _keep(documents, "query B { hello }")
    assert len(documents) == 2
    _keep(documents, "query C { hello }")
    assert len(documents) == 1
    _keep(documents, "{ hello } #" + "x" * 30)
    assert len(documents) == 0
