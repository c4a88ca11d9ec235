"""Imports transcripts whose sessions are told by many lines, in any order."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any

import orjson

from exchange.formats.reading import write
from exchange.json_lines import Line
from exchange.records import Document
from exchange.transcripts import ImportedLine, Read, describe, import_session, parse_any
from resolvers.context import Context
from resolvers.errors import Invalid

Ties = Callable[[dict[str, Any]], Sequence[str]]
"""Names what a document belongs to; documents that share a name are of one session."""


async def import_grouped_lines(
    ties: Ties, read: Read, context: Context, lines: Iterable[Line]
) -> AsyncIterator[ImportedLine]:
    """Import the sessions of a file, each in a transaction of its own; give what became of each.

    The lines are read twice: first for what belongs together, from the file, which is copied to a
    temporary file, then session by session from there. A session that is there gets what is new.
    Raises `UnreadableFileError`.
    """
    with TemporaryFile() as copy:
        groups = _Groups(copy)
        end = 0
        for line in lines:
            end = line.end
            try:
                for document, text in _documents(line):
                    groups.add(document, text, ties(document.value))
            except Invalid as error:
                yield ImportedLine(line.number, 0, refusal=describe(error))
        done = 0
        for group in groups.in_order():
            documents = list(groups.read(group))
            done += sum(place.size for place in group)
            outcome = partial(ImportedLine, number=documents[0].line, end=end * done // groups.size)
            yield await import_session(read, context, documents, outcome, grows=True)


def _documents(line: Line) -> Iterator[tuple[Document, bytes]]:
    """Give the objects of a line: one, or those of a list, or of an answer's list of runs."""
    value = parse_any(line)
    if isinstance(value, dict) and isinstance(value.get("runs"), list):
        value = value["runs"]
    if isinstance(value, dict):
        yield Document(line.number, value), line.text or b""
        return
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Invalid("Not a JSON object.")
    for item in value:
        yield Document(line.number, item), write(item)


def first_object(line: Line) -> dict[str, Any] | None:
    """Give the first object of a line, or None if it has none."""
    try:
        return next((document.value for document, _ in _documents(line)), None)
    except Invalid:
        return None


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    offset: int
    size: int


@dataclass
class _Groups:
    """Documents in a copy, and which belong together: sets of names that grow into one another."""

    copy: IO[bytes]
    size: int = 0
    _places: list[tuple[str, _Place]] = field(default_factory=list)
    _above: dict[str, str] = field(default_factory=dict)

    def add(self, document: Document, text: bytes, ties: Sequence[str]) -> None:
        names = ties or [f"line {document.line}"]
        place = _Place(document.line, self.size, len(text))
        self.copy.write(text)
        self.size += len(text)
        self._places.append((names[0], place))
        for name in names[1:]:
            self._above[self._top(name)] = self._top(names[0])

    def _top(self, name: str) -> str:
        while (above := self._above.get(name, name)) != name:
            self._above[name] = self._above.get(above, above)
            name = above
        return name

    def in_order(self) -> list[list[_Place]]:
        """Give the documents of each session, sessions in the order of their first."""
        groups: dict[str, list[_Place]] = {}
        for name, place in self._places:
            groups.setdefault(self._top(name), []).append(place)
        return list(groups.values())

    def read(self, group: Sequence[_Place]) -> Iterator[Document]:
        for place in group:
            self.copy.seek(place.offset)
            yield Document(place.line, orjson.loads(self.copy.read(place.size)))
