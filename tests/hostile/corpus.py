"""Bad requests that are kept as data: how the files in `corpus/` are read (its README.md)."""

import json
import re
import tomllib
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("corpus")
_EACH = b"<each>"
_NUMBER = re.compile(rb"<n(\+1)?>")
_PLACE = re.compile(rb"\{\{(\w+)\}\}")
_USUAL_HEADERS = (
    b"host: 127.0.0.1",
    b"authorization: Bearer {{key}}",
    b"accept: application/graphql-response+json",
    b"content-type: application/json",
)
_NO_BODY = {"GET", "HEAD"}

Pieces = Any
"""Text, `{repeat, times}`, `{base64}`, or a list of them."""


@dataclass(frozen=True)
class BadRequest:
    """What is sent, and which answer is wanted."""

    group: str
    name: str
    sent: Mapping[str, Any]
    each: Pieces = ""
    statuses: tuple[int, ...] = (400,)
    codes: tuple[str, ...] = ("BAD_USER_INPUT",)
    fields: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._text("method", "POST")

    @property
    def ends(self) -> bool:
        """Whether the client closes its side once all is sent."""
        return bool(self.sent.get("ends", False))

    def write(self, places: Mapping[str, str]) -> bytes:
        """Write the bytes that are sent; `places` are what is in the store."""

        def fill(written: bytes) -> bytes:
            return _PLACE.sub(lambda found: places[found[1].decode()].encode(), written)

        if "connection" in self.sent:
            return fill(self._bytes(self.sent["connection"]))
        body = b"" if self.method in _NO_BODY else fill(self._body())
        path = self._bytes(self.sent.get("path", "/graphql"))
        head = [b"%b %b HTTP/1.1" % (self.method.encode(), path), *self._headers(body)]
        return fill(b"\r\n".join([*head, b"", b""])) + body

    def _headers(self, body: bytes) -> list[bytes]:
        given = [self._bytes(line) for line in self.sent.get("headers", ())]
        left_out = {_name_of(line) for line in given}
        left_out |= {name.encode() for name in self.sent.get("without", ())}
        usual = [*_USUAL_HEADERS, b"content-length: %d" % len(body)]
        if self.method in _NO_BODY:
            usual = usual[:-2]
        return [line for line in usual if _name_of(line) not in left_out] + given

    def _body(self) -> bytes:
        if "body" in self.sent:
            return self._bytes(self.sent["body"])
        members = {
            "query": json.dumps(self._text("document", "{ __typename }")).encode(),
            "operationName": json.dumps(self._text("operation_name", "") or None).encode(),
            "variables": self._bytes(self.sent.get("variables", "null")),
            "extensions": self._bytes(self.sent.get("extensions", "null")),
        }
        written = [b'"%b": %b' % (name.encode(), value) for name, value in members.items()]
        return b"{" + b", ".join(written) + b"}"

    def _text(self, name: str, default: str) -> str:
        return self._bytes(self.sent.get(name, default)).decode()

    def _bytes(self, pieces: Pieces) -> bytes:
        written = _write_pieces(pieces)
        return written.replace(_EACH, _write_pieces(self.each)) if _EACH in written else written


def _write_pieces(pieces: Pieces) -> bytes:
    if isinstance(pieces, str):
        return pieces.encode()
    if isinstance(pieces, list):
        return b"".join(map(_write_pieces, pieces))
    if "base64" in pieces:
        return b64decode(pieces["base64"])
    text, times = pieces["repeat"].encode(), pieces["times"]
    if not _NUMBER.search(text):
        return bytes(text * times)
    return b"".join(_numbered(text, number) for number in range(times))


def _numbered(text: bytes, number: int) -> bytes:
    return _NUMBER.sub(lambda found: b"%d" % (number + bool(found[1])), text)


def _name_of(line: bytes) -> bytes:
    return line.partition(b":")[0].lower()


def _alternatives(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, list) else (given,)


def _read_file(path: Path) -> Iterator[BadRequest]:
    for entry in tomllib.loads(path.read_text())["request"]:
        one = BadRequest(
            path.stem,
            entry["name"],
            entry,
            statuses=_alternatives(entry.get("status", 400)),
            codes=_alternatives(entry.get("code", "BAD_USER_INPUT")),
            fields=_alternatives(entry.get("field", [])),
        )
        if "each" not in entry:
            yield one
        for name, value in entry.get("each", {}).items():
            yield replace(one, name=f"{one.name} {name}", each=value)


def read_corpus() -> list[BadRequest]:
    """Read all files, in order."""
    return [one for path in sorted(_FOLDER.glob("*.toml")) for one in _read_file(path)]
