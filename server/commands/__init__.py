"""The commands of `sessiongraph`, one module each."""

import typer


def tell(line: str) -> None:
    """Tell the operator what goes on."""
    typer.echo(line, err=True)
