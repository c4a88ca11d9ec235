"""`sessiongraph forget`: erase a person, and prove it."""

import asyncio
from collections import Counter
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from server.administration.erasure import erase_person
from server.administration.erasure_certificate import Certificate, Place
from server.administration.projects import choose_projects
from server.commands import tell
from server.commands.administer import refusals_told
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

_MOST_PLACES = 100
"""Of the places that are printed for a person to read; JSON has all."""


def forget(
    user: Annotated[str, typer.Option(help="The person, as `userId` names them.")],
    *,
    project: Annotated[str | None, typer.Option(help="The project to erase them from.")] = None,
    all_projects: Annotated[
        bool, typer.Option("--all-projects", help="Erase them from every project.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    redact: Annotated[
        bool, typer.Option("--redact", help="Blank the ID where others mention it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a certificate as JSON.")] = False,
) -> None:
    """Erase a person for good, and search every table for what is left of them.

    Their sessions with all below them and their memories are deleted; rows of others no longer
    name them. It may be interrupted, and goes on when it is run again. Where the ID is still found
    it says where, and ends with 1.
    """
    if (project is None) is not all_projects:
        raise OperatorError("Give --project NAME or --all-projects.")
    if not yes and not dry_run:
        where = "all projects" if project is None else f"the project {project}"
        typed = typer.prompt(f"This erases {user} from {where}. Type the ID again", err=True)
        if typed != user:
            raise OperatorError("That is not the ID; nothing was erased.")
    with refusals_told():
        certificate = asyncio.run(_forget(user, project, dry_run=dry_run, redact=redact))
    if as_json:
        options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
        said = {**asdict(certificate), "is_proof": certificate.is_proof}
        typer.echo(orjson.dumps(said, option=options).decode())
    else:
        _print(certificate)
    if not dry_run and not certificate.is_proof:
        raise typer.Exit(1)


async def _forget(user: str, project: str | None, *, dry_run: bool, redact: bool) -> Certificate:
    async with open_store(Settings(), tell) as engine:
        async with engine.connect() as connection:
            projects = await choose_projects(connection, project)
        return await erase_person(engine, projects, user, tell, dry_run=dry_run, redacts=redact)


def _print(certificate: Certificate) -> None:
    would = "would be " if certificate.dry_run else ""
    _print_rows(certificate.deleted, f"{would}deleted")
    _print_rows(certificate.emptied, f"{would}emptied of the ID")
    _print_rows(certificate.redacted, "redacted")
    drawn = certificate.drawn_memories
    if drawn:
        typer.echo(
            f"{len(drawn)} memories of nobody come from their sessions and stay; see what they "
            f"say: {_some(drawn)}"
        )
    _print_places(certificate.left, "still names them")
    _print_places(certificate.mentions, "mentions them")
    if certificate.statistics:
        typer.echo(
            f"PostgreSQL's statistics still have it: {', '.join(certificate.statistics)}. "
            "Unless other projects hold the ID, let the tables' owner run ANALYZE."
        )
    searched = (
        f"{certificate.searched_tables} tables, {certificate.searched_columns} columns searched"
    )
    if certificate.is_proof:
        typer.echo(f"No table holds {certificate.user} any more ({searched}).")
        return
    if certificate.left:
        typer.echo("Something writes of them still: stop that, and run this again.")
    if certificate.mentions:
        typer.echo(
            "What mentions them is of others. Look at it, and let it go with `deleteMessage` or "
            "`deleteSession`, change it with `updateSession` or `updateAgent`, or run this with "
            "--redact, which writes [forgotten] in place of the ID but in names."
        )
    if certificate.dry_run:
        typer.echo("Nothing was changed.")
    typer.echo(f"{len(certificate.mentions)} rows mention {certificate.user} ({searched}).")


def _print_rows(rows: Counter[str], done: str) -> None:
    for table, count in rows.items():
        if count:
            typer.echo(f"{table}: {count:,} rows {done}")


def _print_places(places: list[Place], what: str) -> None:
    for place in places[:_MOST_PLACES]:
        where = f"{place.table} {place.row}, in {', '.join(place.columns)}"
        typer.echo(f"{place.project or 'every project'}: {where}: {what}")
    if len(places) > _MOST_PLACES:
        typer.echo(f"and {len(places) - _MOST_PLACES:,} more; --json has all")


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_PLACES]) + (" …" if len(names) > _MOST_PLACES else "")
