"""Messages that are none, and operations that ask for what is not given."""

from typing import Any

import orjson

MARK = "s3cret-mark"


def _message(**members: Any) -> str:
    return orjson.dumps(members).decode()


def _subscribe(**payload: Any) -> str:
    return _message(type="subscribe", id="x", payload=payload)


BAD_MESSAGES: dict[str, str | bytes] = {
    "nothing": "",
    "a word": "hello",
    "null": "null",
    "true": "true",
    "a number": "1",
    "a string": '"connection_init"',
    "an array": '[{"type": "ping"}]',
    "half an object": '{"type": "ping"',
    "two objects": '{"type":"ping"}{"type":"ping"}',
    "a byte order mark": '\ufeff{"type":"ping"}',
    "a NUL": '{"type":"ping"}\x00',
    "NaN": '{"type":"ping","payload":{"a":NaN}}',
    "a lone surrogate": '{"type":"ping","payload":{"a":"\\ud800"}}',
    "an empty object": "{}",
    "no type": '{"id":"1"}',
    "an unknown type": _message(type="start", id="1", payload={"query": "{ hello }"}),
    "a type of the server": _message(type="next", id="1", payload={}),
    "another acknowledgement": _message(type="connection_ack"),
    "a type in capitals": _message(type="PING"),
    "a number as type": _message(type=1),
    "null as type": _message(type=None),
    "an array as type": _message(type=["ping"]),
    "an object as type": _message(type={"a": 1}),
    "a ping with a string": _message(type="ping", payload=MARK),
    "a ping with an array": _message(type="ping", payload=[1]),
    "a pong with a number": _message(type="pong", payload=1),
    "an empty ping payload of false": _message(type="ping", payload=False),
    "no id": _message(type="subscribe", payload={"query": "{ hello }"}),
    "an empty id": _message(type="subscribe", id="", payload={"query": "{ hello }"}),
    "a number as id": _message(type="subscribe", id=1, payload={"query": "{ hello }"}),
    "null as id": _message(type="subscribe", id=None, payload={"query": "{ hello }"}),
    "an array as id": _message(type="subscribe", id=[1], payload={"query": "{ hello }"}),
    "an object as id": _message(type="subscribe", id={}, payload={"query": "{ hello }"}),
    "a long id": _message(type="subscribe", id="x" * 129, payload={"query": "{ hello }"}),
    "no payload": _message(type="subscribe", id="1"),
    "null as payload": _message(type="subscribe", id="1", payload=None),
    "a string as payload": _message(type="subscribe", id="1", payload="{ hello }"),
    "an array as payload": _message(type="subscribe", id="1", payload=[]),
    "an empty payload": _subscribe(),
    "a number as query": _subscribe(query=1),
    "null as query": _subscribe(query=None),
    "an object as query": _subscribe(query={}),
    "a string as variables": _subscribe(query="{ hello }", variables=MARK),
    "an array as variables": _subscribe(query="{ hello }", variables=[1]),
    "a number as operationName": _subscribe(query="{ hello }", operationName=1),
    "a string as extensions": _subscribe(query="{ hello }", extensions=MARK),
    "a number as documentId": _subscribe(documentId=1),
    "a bad hash": _subscribe(extensions={"persistedQuery": {"version": 1, "sha256Hash": "x"}}),
    "completing no id": _message(type="complete"),
    "completing an array": _message(type="complete", id=[1]),
    "deep arrays": "[" * 100_000,
    "deep objects": '{"type":"ping","payload":' + '{"a":' * 50_000,
    "a deep payload": '{"type":"ping","payload":' + '{"a":' * 2000 + "1" + "}" * 2001,
    "noise": bytes(range(256)).decode("latin-1"),
    "bytes": b"\x00\x01\x02",
    "JSON in bytes": b'{"type":"ping"}',
    "no bytes": b"",
}
"""Each closes the socket with 4400, before the acknowledgement and after it."""

BAD_OPERATIONS: dict[str, dict[str, Any]] = {
    "no document": {"query": ""},
    "noise": {"query": "\u0000\u0001"},
    "half a document": {"query": "{ hello"},
    "an unknown field": {"query": "{ secret }"},
    "an unknown operation": {"query": "query A { hello }", "operationName": "B"},
    "two operations": {"query": "query A { hello } query B { hello }"},
    "a missing variable": {"query": "query ($n: Int!) { integer(value: $n) }"},
    "a wrong variable": {
        "query": "query ($n: Int!) { integer(value: $n) }",
        "variables": {"n": MARK},
    },
    "too deep": {
        "query": "{ things" + "{ nodes { things" * 30 + "{ nodes { id } }" + "} }" * 30 + "}"
    },
    "too long": {"query": "{ hello }" + " " * 100_000},
    "too many aliases": {"query": "{" + " ".join(f"a{n}: hello" for n in range(200)) + "}"},
    "a cycle": {"query": "{ ...A } fragment A on Query { ...A }"},
    "an unknown persisted document": {"documentId": "sha256:" + "0" * 64},
    "two subscriptions": {"query": "subscription { ticks follow }"},
    "a bug": {"query": "subscription { breaks(atStart: true) { name } }"},
}
"""Each is answered with an `error`, and the socket lives on."""
