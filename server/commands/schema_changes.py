"""`sessiongraph schema-changes`: for developers, what a change of the schema breaks for clients."""

import tomllib
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from graphql import build_schema
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from schema import schema
from server.commands import tell
from server.earlier_schema import find_earlier_schema
from server.operator_error import OperatorError

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _ListedChange(BaseModel):
    """A breaking change that is meant; type and description are graphql-core's."""

    model_config = ConfigDict(extra="forbid")

    type: _Text
    description: _Text
    reason: _Text


class _ListedChanges(BaseModel):
    model_config = ConfigDict(extra="forbid")

    change: list[_ListedChange] = []


def schema_changes(
    file: Annotated[Path, typer.Argument(help="The committed schema.")] = Path("schema.graphql"),
) -> None:
    """Fail where the schema of this code breaks a client of the last release.

    Breaking changes that are meant are listed with their reasons beside the file, in
    `<its stem>.breaking-changes.toml`. Dangerous changes are told, and do no more.
    """
    definition = schema.as_str().rstrip() + "\n"
    earlier = find_earlier_schema(file, definition)
    if earlier is None:
        tell(f"The history has no earlier {file} to compare the schema with.")
        return
    changes = find_schema_changes(build_schema(earlier.definition), build_schema(definition))
    for change in changes:
        if isinstance(change, DangerousChange):
            tell(f"Dangerous since {earlier.revision}: {change.description}")
    listing = file.with_suffix(".breaking-changes.toml")
    listed = {(change.type, change.description) for change in _read(listing).change}
    breaking = [change for change in changes if isinstance(change, BreakingChange)]
    missing = [item for item in breaking if (item.type.name, item.description) not in listed]
    if missing:
        tell("\n".join(map(_write, missing)))
        raise OperatorError(
            f"The schema breaks clients of {earlier.revision}. Take the changes above back, or add "
            f"them to {listing}, each with its reason."
        )
    tell(f"Breaking changes since {earlier.revision} that are not listed: none.")


def _read(listing: Path) -> _ListedChanges:
    if not listing.exists():
        return _ListedChanges()
    try:
        return _ListedChanges.model_validate(tomllib.loads(listing.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{listing}: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise OperatorError(f"{listing}: {place}: {first['msg']}.") from error


def _write(change: BreakingChange) -> str:
    """Write a change as its list has it, but for the reason."""
    description = dumps(change.description, ensure_ascii=False)
    return f'[[change]]\ntype = "{change.type.name}"\ndescription = {description}\nreason = ""\n'
