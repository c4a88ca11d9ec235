"""Lists on the standard output: a table to read, or JSON for programs."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import orjson
import typer


def print_list(kind: type[Any], items: Sequence[Any], *, as_json: bool) -> None:
    """Print instances of a dataclass, a line each; its fields are the columns.

    No line is cut, so that what is printed can be searched and piped.
    """
    if as_json:
        options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
        typer.echo(orjson.dumps(list(items), option=options).decode())
        return
    names = [field.name for field in fields(kind)]
    lines = [[name.removesuffix("_at").replace("_", " ").upper() for name in names]]
    lines += [[_write(getattr(item, name)) for name in names] for item in items]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def _write(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        case list():
            return ",".join(value)
    return str(value)
