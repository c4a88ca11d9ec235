"""The first line of a file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alembic.script import ScriptDirectory

from exchange.archive.layout import FORMAT
from exchange.archive.written_lines import write_line
from migrations.runner import configuration, latest_revision
from resolvers.errors import Invalid

HEADER = "sessiongraph"


def write_header(exported: str, exported_at: datetime | None) -> bytes:
    """Write the header of what is exported; `exported` says what of a project it is."""
    header = {"format": FORMAT, "revision": latest_revision(), "exported": exported}
    when = {} if exported_at is None else {"exportedAt": exported_at}
    return write_line({HEADER: {**header, **when}})


def check_header(header: Mapping[str, Any]) -> None:
    """Raise `Invalid` for a file that a newer release has written, or none that can be read."""
    number, revision = header.get("format"), header.get("revision")
    if not isinstance(number, int) or not isinstance(revision, str):
        raise Invalid("The header must have a format and a revision.")
    known = ScriptDirectory.from_config(configuration()).walk_revisions()
    if number > FORMAT or revision not in {script.revision for script in known}:
        raise Invalid("A newer release has written this file. Import it with that release.")
