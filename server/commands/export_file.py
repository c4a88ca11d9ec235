"""`sessiongraph export`: write what is recorded to a file."""

import asyncio
import gzip
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, BinaryIO, cast
from uuid import UUID

import asyncpg
import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.archive.chat import export_chats
from exchange.archive.export import export_lines
from exchange.archive.selection import Selection
from models import Session
from resolvers.errors import NotFound
from resolvers.identifiers import key_of, table_of
from server.administration.projects import find_project
from server.commands import tell
from server.commands.administer import refusals_told
from server.database import reason
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

_STANDARD_OUTPUT = Path("-")


class Format(StrEnum):
    """What is written."""

    SESSIONGRAPH = "sessiongraph"
    CHAT = "chat-completions"


_TIME = "RFC 3339, such as 2026-01-31T12:00:00Z."


def export_file(
    file: Annotated[
        Path, typer.Argument(help="Where to write; gzipped if it ends in .gz, `-` is the output.")
    ] = _STANDARD_OUTPUT,
    *,
    project: Annotated[str, typer.Option(help="The project to export.")] = "default",
    session: Annotated[
        str | None, typer.Option(help="Only the tree that this session stands in: an id or name.")
    ] = None,
    began_from: Annotated[
        str | None, typer.Option("--from", help=f"Only trees that began then or later: {_TIME}")
    ] = None,
    began_before: Annotated[
        str | None, typer.Option("--to", help=f"Only trees that began before: {_TIME}")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Everything as it is stored, or only the chats.")
    ] = Format.SESSIONGRAPH,
) -> None:
    """Write a project, a tree of sessions or a range of time as JSON Lines.

    `sessiongraph import` takes either format. The file is there when it is whole.
    """
    if session is not None and (began_from is not None or began_before is not None):
        raise OperatorError("Give a session or a time, not both.")
    bounds = _time("--from", began_from), _time("--to", began_before)
    written = asyncio.run(_export(file, project, session, bounds, form))
    noun = "sessions" if form is Format.CHAT else "rows"
    tell(f"{written:,} {noun} exported")


def _time(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise OperatorError(f"{option}: Give a time as {_TIME}") from error
    if time.tzinfo is None:
        raise OperatorError(f"{option}: Give the time's offset, such as the Z of {_TIME}")
    return time


async def _export(
    file: Path,
    project: str,
    session: str | None,
    bounds: tuple[datetime | None, datetime | None],
    form: Format,
) -> int:
    async with open_store(Settings(), tell) as engine:
        with refusals_told():
            async with engine.connect() as connection:
                project_id = await find_project(connection, project)
                root = None if session is None else await _root(connection, project_id, session)
        selection = Selection(root, *bounds)
        if form is Format.CHAT:
            pieces = export_chats(engine, project_id, selection)
        else:
            pieces = export_lines(engine, project_id, selection, datetime.now(UTC))
        try:
            with _written(file) as output:
                lines = await _write(pieces, output)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise OperatorError(
                f"The connection to the database was lost: {reason(error)}."
            ) from error
    return lines if form is Format.CHAT else lines - 2  # the header and the end are no rows


async def _root(connection: AsyncConnection, project_id: int, session: str) -> UUID:
    """Give the root of the tree that a session stands in. Raises `NotFound`."""
    columns = table_of(Session).c
    ((name, value),) = key_of(columns.session_id, session, "session").items()
    root: UUID | None = await connection.scalar(
        select(columns.root_id).where(columns.project_id == project_id, columns[name] == value)
    )
    if root is None:
        raise NotFound(f"There is no session {session}.")
    return root


async def _write(pieces: AsyncGenerator[bytes, None], output: BinaryIO) -> int:
    """Write what is exported, and count its lines."""
    lines = 0
    async with aclosing(pieces):
        async for piece in pieces:
            output.write(piece)
            lines += piece.endswith(b"\n")
    return lines


@contextmanager
def _written(file: Path) -> Iterator[BinaryIO]:
    """Open what is written; a file has its name when it is whole, and is its owner's to read."""
    if file == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if not file.parent.is_dir():
        raise OperatorError(f"There is no folder {file.parent}.")
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as whole:
        part = Path(whole.name)
        try:
            if file.suffix == ".gz":
                with gzip.GzipFile(fileobj=whole, mode="wb", mtime=0) as gzipped:
                    yield cast("BinaryIO", gzipped)
            else:
                yield cast("BinaryIO", whole)
            whole.flush()
            os.fsync(whole.fileno())
            part.replace(file)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
