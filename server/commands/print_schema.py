"""`sessiongraph schema`: print the GraphQL schema."""

from pathlib import Path
from typing import Annotated

import typer

from schema import schema
from server.operator_error import OperatorError


def print_schema(
    check: Annotated[
        Path | None, typer.Option(help="Print nothing; fail unless this file is the same.")
    ] = None,
) -> None:
    """Print the GraphQL schema in the schema definition language."""
    definition = schema.as_str().rstrip() + "\n"
    if check is None:
        typer.echo(definition, nl=False)
    elif not check.exists() or check.read_text() != definition:
        raise OperatorError(
            f"{check} is not the schema of this code. Write it with "
            f"`sessiongraph schema > {check}`."
        )
