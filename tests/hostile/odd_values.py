"""What hypothesis draws: JSON that servers trip over, damaged bytes, and how many of them."""

import os
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.hostile.hostile_server import HostileServer
from tests.hostile.raw_connection import Answer
from tests.hostile.refused_answer import check_errors, innards

EXAMPLES = int(os.environ.get("SESSIONGRAPH_TEST_EXAMPLES", "0"))
"""Of each test; 0 leaves each to its own number, with which all take a minute."""
_NOT_JSON = {400, 404, 405}


def examples(usual: int) -> settings:
    """Set how many examples a test draws."""
    return settings(
        max_examples=EXAMPLES or usual,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


_TEXTS = st.sampled_from(
    [
        *("", " ", "\x00", "a\x00b", "%", "_", "\\", "'", '"', "@a", "{}", "[]", "null", "NaN"),
        *(
            "1e999",
            "-0",
            "0x10",
            "__proto__",
            "__class__",
            "{0}",
            "%s",
            "\u202e",
            "\ufeff",
            "\U0010ffff",
            "🍓",
        ),
        *("session", "session_01h455vb4pex5vsknk084sn02q", "2026-01-01T00:00:00Z", "WyJhIl0"),
        *("9999-12-31T23:59:59-23:59", "a" * 513, "' OR 1=1 --", "../../etc/passwd"),
    ]
)
_NUMBERS = st.sampled_from(
    [
        *(0, -1, 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1),
        *(0.5, -0.0, 1e39, 1.5e300, -1.7e308, 5e-324),
    ]
)
_PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    _NUMBERS,
    _TEXTS,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
_KEYS = st.one_of(_TEXTS, st.sampled_from(["eq", "in", "and", "not", "id", "a", "reference"]))
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
"""JSON of every kind."""

_PIECES = st.sampled_from(
    [
        *(b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\\", b'"', b"\\u0000"),
        *(
            b"\\ud800",
            b"{",
            b"}",
            b"[",
            b"]",
            b":",
            b",",
            b"$",
            b"!",
            b"@",
            b"...",
            b"#",
            b'"""',
            b"-",
        ),
        *(
            b"null",
            b"1e999",
            b"NaN",
            b"9" * 400,
            b"[" * 2000,
            b"%",
            b"%00",
            b"%ff",
            b"&",
            b"=",
            b"+",
        ),
    ]
)


@st.composite
def damaged(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """Draw one of some requests with up to four damages: flipped, cut, doubled, inserted."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        part = data[start:end]
        kind = draw(st.sampled_from(["flip", "cut", "double", "insert", "end"]))
        if kind == "flip":
            part = bytes(byte ^ (1 << draw(st.integers(0, 7))) for byte in part[:1]) + part[1:]
        elif kind == "cut":
            part = b""
        elif kind == "double":
            part *= draw(st.sampled_from([2, 3, 50]))
        elif kind == "insert":
            part += draw(_PIECES | st.binary(max_size=4))
        data = data[:start] if kind == "end" else data[:start] + part + data[end:]
    return data


def check_survived(server: HostileServer, answer: Answer) -> None:
    """Fail if an answer tells that something broke, or the server does."""
    told = answer.body.decode()
    assert 200 <= answer.status < 500, told
    if answer.headers["content-type"].startswith("text/plain"):
        assert answer.status in _NOT_JSON, told
    else:
        written = orjson.dumps(orjson.loads(told).get("errors")).decode()
        assert innards(written) is None, innards(written)
        codes = {error["code"] for error in check_errors(answer)}
        assert not codes & {"INTERNAL", "UNAVAILABLE"}, told
    server.check_point_read()
    log = server.new_log()
    assert "Traceback" not in log, log
    assert '"level":"error"' not in log, log
