"""`sessiongraph projects`: what API keys open."""

import asyncio
from collections import Counter
from typing import Annotated

import typer

from server.administration.project_deletion import delete_project
from server.administration.projects import ListedProject, create_project, list_projects
from server.commands import tell
from server.commands.administer import administer, refusals_told
from server.commands.listing import print_list
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

projects = typer.Typer(help="Projects, which API keys open.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="The project's name.")]


@projects.command()
def create(name: _Name) -> None:
    """Make a project."""
    administer(lambda connection: create_project(connection, name))
    tell(f"Make a key for it with `sessiongraph keys create --project {name} --name NAME`.")


@projects.command(name="list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the projects with their working keys and their sessions. Times are UTC."""
    print_list(ListedProject, administer(list_projects), as_json=as_json)


@projects.command()
def delete(
    name: _Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a project and everything recorded in it, for good.

    Its keys are revoked first. It may be interrupted, and goes on when it is run again.
    """
    if not yes:
        typed = typer.prompt(f"This deletes everything in {name}. Type its name", err=True)
        if typed != name:
            raise OperatorError("That is not its name; nothing was deleted.")
    deleted: Counter[str] = Counter()

    def count(table: str, rows: int) -> None:
        deleted[table] += rows
        if sum(deleted.values()) // 100_000 > (sum(deleted.values()) - rows) // 100_000:
            tell(f"{sum(deleted.values()):,} rows deleted")

    async def run() -> None:
        async with open_store(Settings(), tell) as engine:
            await delete_project(engine, name, count)

    with refusals_told():
        asyncio.run(run())
    tell(f"The project {name} and its {sum(deleted.values()):,} rows are deleted.")
