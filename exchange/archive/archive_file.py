"""Files of the store's own form, opened and read line by line."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

MAXIMUM_LINE_BYTES = 128_000_000
_GZIP = b"\x1f\x8b"


class ArchiveFile:
    """The lines of a file, gzipped or not."""

    def __init__(self, file: BinaryIO, lines: BinaryIO) -> None:
        self._file = file
        self._lines = lines

    @property
    def offset(self) -> int:
        """How much of the file was read, in bytes as they are on the disk."""
        return self._file.tell()

    def __iter__(self) -> Iterator[bytes | None]:
        """Give each line with its end; None for one that is too long."""
        while line := self._lines.readline(MAXIMUM_LINE_BYTES + 1):
            is_whole = len(line) <= MAXIMUM_LINE_BYTES or line.endswith(b"\n")
            rest = line
            while not is_whole and rest and not rest.endswith(b"\n"):
                rest = self._lines.readline(MAXIMUM_LINE_BYTES)
            yield line if is_whole else None


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveFile]:
    """Open a file to read. Raises `OSError`, and while it is read also `EOFError`."""
    with path.open("rb") as file:
        is_gzipped = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        lines = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if is_gzipped else file
        yield ArchiveFile(file, lines)
