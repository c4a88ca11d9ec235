"""`sessiongraph keys`: API keys."""

from datetime import timedelta
from typing import Annotated

import typer

from models import Scope
from server.administration.api_keys import (
    ListedKey,
    create_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from server.authentication import CACHE_SECONDS
from server.commands import tell
from server.commands.administer import administer
from server.commands.durations import read_duration
from server.commands.listing import print_list

keys = typer.Typer(help="API keys.", no_args_is_help=True)

_Prefix = Annotated[
    str, typer.Argument(help="The key's prefix: the middle of `sg_<prefix>_<secret>`.")
]
_ExpiresIn = Annotated[
    timedelta | None,
    typer.Option(parser=read_duration, metavar="TIME", help="How long it works, such as 90d."),
]
_ONCE = "This is the only time that the key is shown."


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    project: Annotated[str, typer.Option(help="The project that it opens.")] = "default",
    scope: Annotated[
        Scope, typer.Option(help="What it allows; each scope includes the ones before it.")
    ] = Scope.RECORD,
    expires_in: _ExpiresIn = None,
) -> None:
    """Make an API key and print it. It is shown this once."""
    key = administer(lambda connection: create_key(connection, project, name, [scope], expires_in))
    tell(_ONCE)
    typer.echo(key)


@keys.command(name="list")
def list_(
    project: Annotated[str | None, typer.Option(help="Only the keys of this project.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the API keys of all projects, or of one. Times are UTC."""
    found = administer(lambda connection: list_keys(connection, project))
    print_list(ListedKey, found, as_json=as_json)


@keys.command()
def revoke(prefix: _Prefix) -> None:
    """Revoke an API key for good."""
    name = administer(lambda connection: revoke_key(connection, prefix))
    tell(f"The key '{name}' is revoked. Every server refuses it within {CACHE_SECONDS:g} seconds.")


@keys.command()
def rotate(
    prefix: _Prefix,
    overlap: Annotated[
        timedelta,
        typer.Option(parser=read_duration, metavar="TIME", help="How long the old one works."),
    ] = "1h",  # type: ignore[assignment]  # typer parses defaults too
    expires_in: _ExpiresIn = None,
) -> None:
    """Make a new API key of the same name, project and scopes, and print it.

    The old one works until the overlap ends, so that nothing is cut off.
    """
    key = administer(lambda connection: rotate_key(connection, prefix, overlap, expires_in))
    tell(f"The old key works for {overlap} more at most. {_ONCE}")
    typer.echo(key)
