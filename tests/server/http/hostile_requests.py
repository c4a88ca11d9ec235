"""Bad requests to the toy schema, each with the status that its answer must have."""

import gzip
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.server.http.hostile_documents import DOCUMENTS, MARK, VARIABLES

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
