"""Bad requests to the toy schema, each with the status that its answer must have.

`MARK` stands for what a client sent as a value: no answer may repeat it.
"""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

MARK = "s3cr3t"
JSON = {"content-type": "application/json"}
GRAPHQL = {**JSON, "accept": "application/graphql-response+json"}


@dataclass(frozen=True)
class Hostile:
    """A request, and the status of its answer."""

    name: str
    status: int = 400
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: GRAPHQL)
    method: str = "POST"
    query: str = ""


def _request(**members: Any) -> bytes:
    return json.dumps(members).encode()


def _fragments(count: int, selection: str) -> str:
    spread = "".join(
        f"fragment F{number} on Query {{ {selection} }}\n".replace("NEXT", f"...F{number + 1}")
        for number in range(count)
    )
    return f"{{ ...F0 }}\n{spread}fragment F{count} on Query {{ hello }}"


def _nested(count: int, opening: str, core: str) -> str:
    return "{" + opening * count + core + "}" * count + "}"


def _persisted_query(**members: Any) -> bytes:
    return _request(extensions={"persistedQuery": members})


GOOD = _request(query="{ hello }")
HASH = "0" * 64
NO_IDS: dict[str, Any] = {
    "a number": 1,
    "an object": {"a": MARK},
    "an array": [HASH],
    "false": False,
    "empty": "",
    "63 digits": HASH[1:],
    "65 digits": HASH + "0",
    "in upper case": "A" * 64,
    "in other digits": "\u0660" * 64,
    "with a line end": HASH + "\n",
    "with another prefix": f"md5:{HASH}",
    "with two prefixes": f"sha256:sha256:{HASH}",
    "a name": MARK,
    "of 1 MB": "0" * 1_000_000,
}

BODIES = {
    "nothing": b"",
    "a space": b" ",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a string": b'"x"',
    "an empty object": b"{}",
    "an empty array": b"[]",
    "a batch": b"[" + GOOD + b"," + GOOD + b"]",
    "half an object": b'{"query": "{ hello }"',
    "two objects": GOOD + GOOD,
    "a comma too many": b'{"query": "{ hello }",}',
    "single quotes": b"{'query': '{ hello }'}",
    "a comment": b'{"query": "{ hello }"} // s3cr3t',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "invalid UTF-8": b'{"query": "{ hello(name: \\"\xff\\") }"}',
    "an overlong encoding": b'{"query": "\xc0\xaf"}',
    "a lone surrogate": b'{"query": "{ hello(name: \\"\\ud800\\") }"}',
    "a raw control character": b'{"query": "{ hello\x01 }"}',
    "NaN": b'{"query": "{ hello }", "variables": {"a": NaN}}',
    "Infinity": b'{"query": "{ hello }", "variables": {"a": -Infinity}}',
    "hexadecimal": b'{"query": "{ hello }", "variables": {"a": 0x10}}',
    "100,000 brackets": b"[" * 100_000,
    "2,000 nested arrays": b'{"query": "{ hello }", "variables": {"a": '
    + b"[" * 2000
    + b"]" * 2000
    + b"}}",
    "gzip without saying so": gzip.compress(GOOD),
    "XML": b"<query>hello</query>",
    "a form": urlencode({"query": "{ hello }"}).encode(),
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",
    "query is missing": _request(document="{ hello }"),
    "query is null": _request(query=None),
    "query is a number": _request(query=1),
    "query is an object": _request(query={"a": MARK}),
    "query is an array": _request(query=["{ hello }"]),
    "operationName is a number": _request(query="{ hello }", operationName=1),
    "operationName is an array": _request(query="{ hello }", operationName=[MARK]),
    "operationName is an object": _request(query="{ hello }", operationName={}),
    "variables is a string": _request(query="{ hello }", variables=MARK),
    "variables is an array": _request(query="{ hello }", variables=[]),
    "variables is false": _request(query="{ hello }", variables=False),
    "extensions is a string": _request(query="{ hello }", extensions=MARK),
    "extensions is an array": _request(query="{ hello }", extensions=[1]),
    "only extensions": _request(extensions={}),
    **{
        f"documentId is {name}": _request(query="{ hello }", documentId=given)
        for name, given in NO_IDS.items()
    },
    **{
        f"sha256Hash is {name}": _persisted_query(version=1, sha256Hash=given)
        for name, given in (NO_IDS | {"null": None}).items()
    },
    "sha256Hash is missing": _persisted_query(version=1),
    "the version is missing": _persisted_query(sha256Hash=HASH),
    "the version is 2": _persisted_query(version=2, sha256Hash=HASH),
    "the version is true": _persisted_query(version=True, sha256Hash=HASH),
    "the version is a string": _persisted_query(version="1", sha256Hash=HASH),
    "the version is a float": _persisted_query(version=1.0, sha256Hash=HASH),
    "persistedQuery is a string": _request(extensions={"persistedQuery": MARK}),
    "persistedQuery is an array": _request(extensions={"persistedQuery": [HASH]}),
    "the hash of another document": _request(query="{ hello }", documentId=HASH),
    "the id of another document": _request(
        query="{ hello }", extensions={"persistedQuery": {"version": 1, "sha256Hash": HASH}}
    ),
    "an id and another hash": _request(
        documentId="1" * 64, extensions={"persistedQuery": {"version": 1, "sha256Hash": HASH}}
    ),
    "an empty query with an id": _request(query="", documentId=HASH),
    "a query of a wrong type with an id": _request(query=1, documentId=HASH),
}

DOCUMENTS = {
    "empty": "",
    "only spaces": " \n\t",
    "only a comment": "# hello",
    "a brace": "{",
    "two braces": "{}",
    "an empty field": "{ things {} }",
    "a string": f'"{MARK}"',
    "a string as a field": f'{{ "{MARK}" }}',
    "an unterminated string": f'{{ hello(name: "{MARK}) }}',
    "an unterminated block string": f'{{ hello(name: """{MARK}) }}',
    "a bad escape": '{ hello(name: "\\q") }',
    "a NUL": "{ hello\x00 }",
    "an emoji": "{ 🍓 }",
    "a right-to-left override": "{ hel\u202elo }",
    "SQL": "SELECT * FROM sessions; --",
    "JSON": '{"query": "x"}',
    "a schema": "type Query { hello: String }",
    "a schema beside": "{ hello } type Query { hello: String }",
    "an unknown field": "{ helo }",
    "an unknown argument": f'{{ hello(nane: "{MARK}") }}',
    "an unknown directive": "{ hello @nope }",
    "an unknown fragment": "{ ...Nope }",
    "an unknown type": "{ ... on Nope { hello } }",
    "an unused fragment": "{ hello } fragment F on Query { hello }",
    "a fragment on a scalar": "{ ...F } fragment F on String { length }",
    "a leaf with fields": "{ hello { length } }",
    "an object without fields": "{ things }",
    "a wrong number": f'{{ integer(value: "{MARK}") }}',
    "a float for an integer": "{ integer(value: 1.5) }",
    "an integer of 33 bits": "{ integer(value: 4294967296) }",
    "an integer of 5,000 digits": f"{{ integer(value: {'9' * 5000}) }}",
    "a float of 5,000 digits": f"{{ integer(value: 0.{'9' * 5000}) }}",
    "an object for an integer": f'{{ integer(value: {{a: "{MARK}"}}) }}',
    "null for an integer": "{ integer(value: null) }",
    "no value": "{ integer }",
    "an odd number": "{ even(value: 3) }",
    "a scalar that fails": f'{{ even(value: "{MARK}") }}',
    "an unknown enum value": f"{{ colour(value: {MARK}) }}",
    "an enum as a string": f'{{ colour(value: "{MARK}") }}',
    "an unknown input field": f'mutation {{ write(input: {{text: "a", other: "{MARK}"}}) }}',
    "a missing input field": f"mutation {{ write(input: {{nested: [{{colours: {MARK}}}]}}) }}",
    "a string for an input": f'mutation {{ write(input: "{MARK}") }}',
    "an input field twice": 'mutation { write(input: {text: "a", text: "b"}) }',
    "an argument twice": '{ hello(name: "a", name: "b") }',
    "conflicting fields": '{ hello(name: "a") hello(name: "b") }',
    "two operations without a name": "query A { hello } query B { hello }",
    "an anonymous operation among others": "{ hello } query B { hello }",
    "the same operation twice": "query A { hello } query A { hello }",
    "the same fragment twice": "{ ...F }" + " fragment F on Query { hello }" * 2,
    "an undefined variable": "{ hello(name: $name) }",
    "an unused variable": "query ($name: String) { hello }",
    "a variable of an output type": "query ($thing: Thing) { hello }",
    "a variable of the wrong type": "query ($name: Int) { hello(name: $name) }",
    "a variable's bad default": f'query ($value: Int! = "{MARK}") {{ integer(value: $value) }}',
    "a subscription": "subscription { ticks }",
    "@defer": "{ ... @defer { hello } }",
    "@stream": "{ things { nodes @stream { id } } }",
    "introspection": "{ __schema { types { name } } }",
    "introspection of a type": '{ __type(name: "Query") { name } }',
    "introspection in a fragment": "{ ...F } fragment F on Query { __schema { types { name } } }",
    "introspection of introspection": _nested(9, '__type(name: "A") { fields { type ', "name"),
    "a cycle": "{ ...F } fragment F on Query { ...F }",
    "a cycle of two": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a cycle nobody uses": "{ hello } fragment F on Query { hello ...F }",
    "2^18 aliased fragments": _fragments(18, "a: hello NEXT NEXT"),
    "2^90 fragments": _fragments(90, "NEXT NEXT"),
    "fragments in a long chain": _fragments(95, "... { ... { ... { ... { NEXT } } } }"),
    "1,500 equal objects": "{" + " things { nodes { id } }" * 1500 + "}",
    "900 equal objects in one": "{ things {" + " nodes { id }" * 900 + "} }",
    "1,500 equal leaves": "{ things { nodes {" + " id" * 1500 + "} } }",
    "600 inline fragments": "{" + " ... on Query { things { nodes { id } } }" * 600 + "}",
    "10,000 operations": " ".join(f"query Q{number} {{ hello }}" for number in range(10_000)),
    "200 operations": " ".join(f"query Q{number} {{ hello }}" for number in range(200)),
    "1 MB of comments": "#" + "c" * 1_000_000 + "\n{ hello }",
    "40,000 comments": "#\n" * 40_000 + "{ hello }",
    "90,000 commas": "{ hello " + "," * 99_990 + "}x",
    "1,000 aliases": "{" + " ".join(f"a{number}: hello" for number in range(1000)) + "}",
    "200 aliases": "{ things { nodes {" + " ".join(f"a{n}: id" for n in range(200)) + "} } }",
    "500 directives": "{ hello" + " @include(if: true)" * 500 + "}",
    "2,000 variables": "query (" + " ".join(f"$v{n}: Int" for n in range(2000)) + ") { hello }",
    "100 levels": "{" + " things { nodes {" * 50 + " id" + " } }" * 50 + "}",
    "190 levels": _nested(190, "a { ", "b"),
    "10,000 levels": "{a" * 10_000,
    "10,000 lists": "{ hello(name: " + "[" * 10_000 + ") }",
    "150 objects": "{ raw(value: " + "{a: " * 250 + "1" + "}" * 250 + ") }",
    "200^4 objects": "{" + " things(first: 200) { nodes {" * 4 + " id" + " } }" * 4 + "}",
    "200^4 objects from the end": "{"
    + " things(last: 200) { nodes {" * 4
    + " id"
    + " } }" * 4
    + "}",
    "200 ids with 200^2 objects": "{ nodes(ids: ["
    + '"a" ' * 200
    + "]) { things(first: 200) { nodes { things(first: 200) { nodes { id } } } } } }",
}

VARIABLES = {
    "a string for an integer": ("query ($v: Int!) { integer(value: $v) }", MARK),
    "a float for an integer": ("query ($v: Int!) { integer(value: $v) }", 1.5),
    "33 bits for an integer": ("query ($v: Int!) { integer(value: $v) }", 2**33),
    "100 digits for an integer": ("query ($v: Int!) { integer(value: $v) }", 10**100),
    "null for an integer": ("query ($v: Int!) { integer(value: $v) }", None),
    "true for an integer": ("query ($v: Int!) { integer(value: $v) }", True),
    "an object for an integer": ("query ($v: Int!) { integer(value: $v) }", {"a": MARK}),
    "a list for an integer": ("query ($v: Int!) { integer(value: $v) }", [MARK]),
    "an object for a string": ("query ($v: String!) { hello(name: $v) }", {"a": MARK}),
    "an odd number": ("query ($v: Even!) { even(value: $v) }", 3),
    "a scalar that fails": ("query ($v: Even!) { even(value: $v) }", MARK),
    "an unknown enum value": ("query ($v: Colour!) { colour(value: $v) }", MARK),
    "a number as enum": ("query ($v: Colour!) { colour(value: $v) }", 1),
    "a string for an input": ("mutation ($v: WriteInput!) { write(input: $v) }", MARK),
    "a list for an input": ("mutation ($v: WriteInput!) { write(input: $v) }", [MARK]),
    "a missing field": ("mutation ($v: WriteInput!) { write(input: $v) }", {"even": 2}),
    "an unknown field": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": MARK, "txet": MARK},
    ),
    "a wrong field": ("mutation ($v: WriteInput!) { write(input: $v) }", {"text": [MARK]}),
    "a wrong field far below": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": MARK, "nested": [{"count": 1}, {"count": 1, "colours": ["RED", MARK]}]},
    ),
    "500 wrong fields": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": MARK, "nested": [{"count": MARK}] * 500},
    ),
    "900 levels": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": json.loads("[" * 900 + "]" * 900)},
    ),
    "pages in variables": (
        "query ($v: Int!) {" + " things(first: $v) { nodes {" * 3 + " id" + " } }" * 3 + " }",
        150,
    ),
    "ids in variables": (
        "query ($v: [ID!]!) { nodes(ids: $v) { things { nodes { id } } } }",
        ["a"] * 20_000,
    ),
}

HEADERS: list[Hostile] = [
    Hostile(f"content type {given!r}", 415, GOOD, {"content-type": given})
    for given in (
        "",
        "application/jsonx",
        "application/json+x",
        "text/json",
        "text/plain",
        "application/graphql",
        "application/graphql-response+json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; x=1",
        "application/json, application/json",
        "application/json;;charset",
        "application /json",
        "x" * 5000,
    )
] + [
    Hostile("no content type", 415, GOOD, {}),
    *(
        Hostile(
            f"content encoding {given}",
            415,
            gzip.compress(GOOD),
            {**JSON, "content-encoding": given},
        )
        for given in ("gzip", "br", "identity", "gzip, gzip", "")
    ),
    *(
        Hostile(f"accept {given!r}", 406, GOOD, {**JSON, "accept": given})
        for given in (
            "text/html",
            "image/*",
            "application/xml",
            "application/json;q=0",
            "application/json; charset=utf-16",
            "nonsense",
            '"',
            "*",
            ";" * 3000,
        )
    ),
    Hostile("a large declared size", 413, GOOD, {**JSON, "content-length": "99999999999"}),
    Hostile("an enormous declared size", 413, GOOD, {**JSON, "content-length": "9" * 5000}),
    Hostile("a negative size", 400, GOOD, {**JSON, "content-length": "-1"}),
    Hostile("a size that is no number", 400, GOOD, {**JSON, "content-length": MARK}),
    Hostile("a size in other digits", 400, GOOD, {**JSON, "content-length": "+1"}),
    Hostile("too large a body", 413, b" " * 10_000_001, GRAPHQL),
    Hostile("too large headers", 431, GOOD, {**JSON, "x-padding": "p" * 40_000}),
    Hostile("a refused key", 401, GOOD, {**JSON, "authorization": "no"}),
    *(
        Hostile(f"method {method}", 405, GOOD, JSON, method)
        for method in ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "X")
    ),
]


def _get(name: str, status: int, **parameters: str) -> Hostile:
    accept = {"accept": "application/graphql-response+json"}
    return Hostile(name, status, b"", accept, "GET", urlencode(parameters))


GETS = [
    _get("no query", 400),
    _get("an empty query", 400, query=""),
    _get("an empty id", 400, documentId=""),
    _get("an id that is none", 400, documentId=MARK),
    _get("an id of another document", 400, query="{ hello }", documentId=HASH),
    _get("a hash that is none", 400, extensions='{"persistedQuery": {"version": 1}}'),
    Hostile("the id twice", 400, b"", {}, "GET", f"documentId={HASH}&documentId={HASH}"),
    _get("a mutation", 405, query='mutation { write(input: {text: "a"}) }'),
    _get("variables that are no JSON", 400, query="{ hello }", variables=MARK),
    _get("variables that are a list", 400, query="{ hello }", variables="[]"),
    _get("half of the variables", 400, query="{ hello }", variables="{"),
    _get("extensions that are no JSON", 400, query="{ hello }", extensions="}"),
    _get("an unknown operation", 400, query="{ hello }", operationName=MARK),
    _get("a long URL", 414, query="{ hello }" + " " * 16_000),
    _get("30 parameters", 400, query="{ hello }", **{f"p{number}": "" for number in range(30)}),
    Hostile("the query twice", 400, b"", {}, "GET", "query={hello}&query={hello}"),
    Hostile("invalid percent-encoded UTF-8", 400, b"", {}, "GET", "query=%ff%fe"),
    Hostile("a body with GET", 400, GOOD, JSON, "GET", "query=%7Bhello%7D"),
]

HOSTILE: list[Hostile] = [
    *(Hostile(f"body: {name}", body=body) for name, body in BODIES.items()),
    *(
        Hostile(f"document: {name}", body=_request(query=document))
        for name, document in DOCUMENTS.items()
    ),
    *(
        Hostile(f"variables: {name}", body=_request(query=document, variables={"v": value}))
        for name, (document, value) in VARIABLES.items()
    ),
    *HEADERS,
    *GETS,
]
