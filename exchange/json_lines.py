"""Lines of a file, compressed or not, or of standard input, one after another."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAXIMUM_LINE_BYTES = 64_000_000
STANDARD_INPUT = Path("-")


class UnreadableFileError(Exception):
    """A file cannot be read; the message says why."""


@dataclass(frozen=True)
class Line:
    """A line of a file. `text` is None if it is longer than `MAXIMUM_LINE_BYTES`.

    `end` is where the file has been read to when the line was, in bytes of the file as it is
    stored: of a compressed one in compressed bytes.
    """

    number: int
    text: bytes | None
    end: int


def read_lines(path: Path) -> Iterator[Line]:
    """Give the lines of a file that are not blank; `-` is standard input, `.gz` is decompressed.

    Raises `UnreadableFileError`.
    """
    with ExitStack() as stack:
        if path == STANDARD_INPUT:
            stored: BinaryIO = sys.stdin.buffer
            position = None
        else:
            stored = stack.enter_context(_open(path))
            position = stored.tell
        file: BinaryIO | gzip.GzipFile = stored
        if path.suffix == ".gz":
            file = stack.enter_context(gzip.GzipFile(fileobj=stored))
        number = read = 0
        while line := _read(file):
            number += 1
            read += len(line)
            text = line if len(line) <= MAXIMUM_LINE_BYTES or line.endswith(b"\n") else None
            rest = line
            while text is None and rest and not rest.endswith(b"\n"):
                rest = _read(file)
                read += len(rest)
            if text is None or text.strip():
                yield Line(number, text, position() if position else read)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableFileError(str(error.strerror)) from error


def _read(file: BinaryIO | gzip.GzipFile) -> bytes:
    try:
        return file.readline(MAXIMUM_LINE_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        message = "The compressed stream is damaged, or its end is missing."
        raise UnreadableFileError(message) from error
    except OSError as error:
        raise UnreadableFileError(str(error.strerror)) from error
