"""What no answer may tell, and what each must."""

import re

import orjson

from tests.hostile.corpus import BadRequest
from tests.hostile.raw_connection import Answer

MARK = "s3cr3t"
_NAMES = re.compile(
    rf"{MARK}|site-packages|/home|/work|/tmp|/usr/|/opt/|\.py\b|sqlstate|\bpg_|relation \""
    r"|asyncpg|sqlalchemy|strawberry|graphql.core|starlette|uvicorn|httptools|orjson|pydantic"
    r"|object at|<class|did you mean '\w",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"Traceback|File \"|SELECT |INSERT |UPDATE \w+ SET|DELETE FROM|0x[0-9a-f]{6}"
    r"|NoneType|\bNone\b|\bTrue\b|\bFalse\b|Undefined|Maybe\[|Error\(|Exception|\bb'|Decimal\("
)
_NOT_HTTP = b"Invalid HTTP request received."
_PLAIN = {b"Not Found", b"Method Not Allowed"}
_WITH_NONE = {"content-security-policy"}
"""Headers whose values have the word "none"."""
_MAX_ERRORS = 21
_MAX_MESSAGE = 1_001


def innards(text: str) -> str | None:
    """Find what an answer tells of the server's insides or repeats of a value."""
    found = _NAMES.search(text) or _CODE.search(text)
    return found and text[max(0, found.start() - 80) : found.end() + 80]


def check_answer(request: BadRequest, answer: Answer) -> None:
    """Fail unless an answer is one of those that a request wants."""
    told = answer.body.decode()
    shown = f"{answer.status} {told[:600]}"
    assert innards(told) is None, innards(told)
    for name, value in answer.headers.items():
        assert name in _WITH_NONE or innards(value) is None, value
    assert answer.status in request.statuses, shown
    if answer.status == 0:
        assert "HTTP" in request.codes
    elif answer.headers.get("content-type", "").startswith("text/plain"):
        is_plain = answer.body in _PLAIN and "PLAIN" in request.codes
        assert is_plain or (answer.body == _NOT_HTTP and "HTTP" in request.codes), shown
    elif request.codes == ("HEAD",):
        assert not answer.body
    else:
        errors = check_errors(answer)
        code = errors[0]["code"] if errors else "NONE"
        assert code in request.codes, shown
        assert not request.fields or errors[0].get("field") in request.fields, shown


def check_errors(answer: Answer) -> list[dict[str, str]]:
    """Give the extensions of an answer's errors, each of which must be whole."""
    members = orjson.loads(answer.body)
    errors = members.get("errors", [])
    assert set(members) <= {"errors", "data", "extensions"}, members
    assert "data" in members or errors, members
    assert len(errors) <= _MAX_ERRORS
    for error in errors:
        assert 0 < len(error["message"]) <= _MAX_MESSAGE, error
        assert re.fullmatch("[A-Z_]+", error["extensions"]["code"]), error
        assert error["extensions"]["requestId"] == answer.headers["x-request-id"], error
    return [error["extensions"] for error in errors]
