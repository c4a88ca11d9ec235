"""Restores a file: its rows as they were, whole by whole.

A whole, such as a tree of sessions, is in the store in one transaction or not at all; small ones
share a transaction, one that is too large to be kept goes in piece by piece. What is there already
is left as it is, so an import can be repeated, and goes on where it was broken off. A reference to
a row that is neither there nor in the file is empty, as if that row had been deleted.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from exchange.archive.header import HEADER, check_header
from exchange.archive.layout import FAMILY_OF
from exchange.archive.read_lines import ArchivedRow, ArchiveLine, read_line
from exchange.archive.refusals import RefusedError
from exchange.archive.row_reader import break_off
from exchange.archive.whole import Whole, begins_whole
from exchange.archive.whole_writer import WholeWriter
from exchange.json_lines import MAXIMUM_LINE_BYTES, Line, UnreadableFileError
from resolvers.context import Context
from resolvers.errors import Invalid
from resolvers.identifiers import PREFIXES
from resolvers.pooled_connection import connect

_ENOUGH_ROWS = 2_000
_ENOUGH_BYTES = 8_000_000
"""Of lines that are kept, until they are written."""

_CUT_OFF = "The file was cut off; what is whole before is restored."


@dataclass(frozen=True)
class RestoredWhole:
    """What became of a whole, such as a tree of sessions, or of the file where `noun` is `end`.

    `number` is that of its first line, and `end` how much of the file was read, in bytes on the
    disk. `rows` counts its rows by noun, which were added if it `is_new`. A `note` is for the
    operator to know, a `refusal` why it was not restored.
    """

    number: int
    end: int
    noun: str
    rows: Mapping[str, int] = field(default_factory=dict)
    is_new: bool = False
    note: str | None = None
    refusal: str | None = None


async def restore(context: Context, lines: Iterable[Line]) -> AsyncGenerator[RestoredWhole, None]:
    """Restore a file into the context's project; give what became of each whole, then of the file.

    Raises `Invalid` for a file that is none of ours or a newer release's, and the driver's errors.
    """
    async with connect(context.engine) as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        writer = WholeWriter(driver, context.project_id)
        try:
            async with aclosing(_Restoration(lines, writer).run()) as wholes:
                async for restored in wholes:
                    yield restored
        finally:
            try:
                await writer.take_back()
            finally:
                break_off(driver)


class _Restoration:
    """One file on its way into the store."""

    def __init__(self, lines: Iterable[Line], writer: WholeWriter) -> None:
        self._given = lines
        self._end = 0
        self._writer = writer
        self._digest = sha256()
        self._rows = 0
        self._number = 0
        self._pending: list[Whole] = []
        """Wholes that were read to their ends, of one family."""
        self._current: Whole | None = None
        self._is_in_pieces = False
        """Whether a transaction with the first pieces of the current whole is under way."""
        self._skips = False
        """Whether what comes before the next whole belongs to nothing."""

    async def run(self) -> AsyncGenerator[RestoredWhole, None]:
        """Restore whole by whole."""
        fault: str | None = _CUT_OFF
        for text in self._lines():
            read = self._read(text)
            if isinstance(read, ArchiveLine):
                fault = self._check_end(read)
                break
            if isinstance(read, ArchivedRow):
                if begins_whole(read):
                    for restored in await self._complete(read):
                        yield restored
                self._take(read, len(text or b""))
                for restored in await self._write_if_enough():
                    yield restored
            elif restored_line := self._refuse_line(read):
                yield restored_line
        if fault == _CUT_OFF and self._current is not None:
            self._current.refuse("The file was cut off before its end.")
        for restored in await self._complete(None):
            yield restored
        await self._writer.settle()
        yield self._told_at_end(fault)

    def _lines(self) -> Iterator[bytes | None]:
        """Give the lines after the header. Raises `Invalid` for a file without one."""
        try:
            for line in self._given:
                is_first = self._number == 0
                self._number, self._end = line.number, line.end
                if is_first:
                    self._check_first(line.text)
                    self._digest.update(line.text or b"")
                else:
                    yield line.text
        except UnreadableFileError:
            return  # as where it was cut off
        if self._number == 0:
            raise Invalid("The file is empty.")

    def _check_first(self, text: bytes | None) -> None:
        try:
            header = None if text is None else read_line(1, text)
        except Invalid:
            header = None
        if not isinstance(header, ArchiveLine) or header.noun != HEADER:
            raise Invalid("No header; this is no file that `sessiongraph export` wrote.")
        check_header(header.values)

    def _read(self, text: bytes | None) -> ArchivedRow | ArchiveLine | str:
        """Read a line; give what is wrong with it, if something is."""
        if text is None:
            return f"Longer than {MAXIMUM_LINE_BYTES} bytes."
        try:
            read = read_line(self._number, text)
        except Invalid as error:
            read = None
            fault = f"{error.field}: {error.message}" if error.field else error.message
        if isinstance(read, ArchiveLine) and read.noun != HEADER:
            return read
        self._digest.update(text)
        self._rows += 1
        if read is None:
            return fault
        return "A second header." if isinstance(read, ArchiveLine) else read

    def _check_end(self, end: ArchiveLine) -> str | None:
        told = end.values.get("rows"), end.values.get("digest")
        if told == (self._rows, f"sha256:{self._digest.hexdigest()}"):
            return None
        return "The file was changed after it was exported."

    def _refuse_line(self, fault: str) -> RestoredWhole | None:
        """Refuse the whole that a line stands in; a line in none by itself, and only the first."""
        if self._current is not None:
            self._current.refuse(fault, self._number)
            return None
        if self._skips:
            return None
        self._skips = True
        return RestoredWhole(self._number, self._end, "line", refusal=fault)

    def _take(self, row: ArchivedRow, size: int) -> None:
        if begins_whole(row):
            self._current = Whole(row.id, FAMILY_OF[row.table], row.line)
            self._skips = False
        if self._current is None or self._current.family is not FAMILY_OF[row.table]:
            name = PREFIXES[row.table]
            self._refuse_line(f"A {name} must stand behind the row that it hangs on.")
        elif self._current.refusal is None:
            self._current.take(row, size)

    async def _complete(self, following: ArchivedRow | None) -> list[RestoredWhole]:
        """Tell that the current whole was read to its end; write what cannot wait."""
        whole, self._current = self._current, None
        family = None if following is None else FAMILY_OF[following.table]
        if whole is not None:
            whole.end = self._end
            if self._is_in_pieces:
                await self._finish_pieces(whole)
                return [_restored(whole)]
            self._pending.append(whole)
        if self._pending and (family is not self._pending[0].family or self._is_enough()):
            return await self._write_pending()
        return []

    def _is_enough(self) -> bool:
        return (
            sum(len(whole.rows) for whole in self._pending) >= _ENOUGH_ROWS
            or sum(whole.size for whole in self._pending) >= _ENOUGH_BYTES
        )

    async def _write_pending(self) -> list[RestoredWhole]:
        pending, self._pending = self._pending, []
        fitting = [whole for whole in pending if whole.refusal is None]
        if fitting:
            await self._writer.write(fitting)
        return [_restored(whole) for whole in pending]

    async def _write_if_enough(self) -> list[RestoredWhole]:
        """Write what was read of a whole that is too large to be kept."""
        whole = self._current
        if whole is None or (len(whole.rows) < _ENOUGH_ROWS and whole.size < _ENOUGH_BYTES):
            return []
        written = []
        if not self._is_in_pieces:
            written = await self._write_pending()
            await self._writer.begin([whole])
            self._is_in_pieces = True
        await self._write_piece(whole)
        return written

    async def _write_piece(self, whole: Whole) -> None:
        try:
            if whole.refusal is None:
                await self._writer.add([whole])
        except RefusedError as error:
            whole.refuse(error.reason, error.line)
        whole.rows, whole.size = [], 0

    async def _finish_pieces(self, whole: Whole) -> None:
        await self._write_piece(whole)
        try:
            if whole.refusal is None:
                await self._writer.finish([whole])
        except RefusedError as error:
            whole.refuse(error.reason, error.line)
        await self._writer.take_back()
        self._is_in_pieces = False

    def _told_at_end(self, fault: str | None) -> RestoredWhole:
        emptied = self._writer.emptied
        note = f"{emptied} references to rows that are not there are empty." if emptied else None
        return RestoredWhole(self._number, self._end, "end", note=note, refusal=fault)


def _restored(whole: Whole) -> RestoredWhole:
    return RestoredWhole(
        whole.line,
        whole.end,
        PREFIXES[whole.family.root],
        rows=whole.counts if whole.refusal is None else {},
        is_new=whole.is_new and whole.refusal is None,
        note=whole.note,
        refusal=whole.refusal,
    )
