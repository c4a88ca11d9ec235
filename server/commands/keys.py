"""`sessiongraph keys`: API keys."""

import asyncio
from typing import Annotated

import typer

from models import Scope
from resolvers.errors import Invalid
from server.authentication import create_key
from server.commands import tell
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

keys = typer.Typer(help="API keys.", no_args_is_help=True)


@keys.callback()
def _group() -> None:
    """Make the one command below a group of its own."""


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    project: Annotated[str, typer.Option(help="The project; made if it is new.")] = "default",
    scope: Annotated[
        Scope, typer.Option(help="What it allows; each scope includes the ones before it.")
    ] = Scope.RECORD,
) -> None:
    """Make an API key and print it. It is shown this once."""

    async def run() -> str:
        async with open_store(Settings(), tell) as engine, engine.begin() as connection:
            return await create_key(connection, project, name, [scope])

    try:
        typer.echo(asyncio.run(run()))
    except Invalid as error:
        raise OperatorError(error.message) from error
