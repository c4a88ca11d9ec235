"""`sessiongraph retention`: how long projects keep their sessions."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import typer

from models import SessionStatus
from server.administration.retention_rules import list_rules, remove_rule, set_rule
from server.commands import tell
from server.commands.administer import administer
from server.commands.durations import read_duration, write_duration
from server.commands.listing import print_list

retention = typer.Typer(help="How long projects keep their sessions.", no_args_is_help=True)

_Project = Annotated[str, typer.Option(help="The project.")]
_Status = Annotated[SessionStatus, typer.Option(help="The status of a tree's root.")]


@dataclass(frozen=True, slots=True)
class ListedRule:
    """A rule as an operator sees it."""

    project: str
    status: str
    keep: str


@retention.command(name="set")
def set_(
    status: _Status,
    keep: Annotated[
        timedelta,
        typer.Option(
            parser=read_duration, metavar="TIME", help="After the last activity, such as 90d."
        ),
    ],
    project: _Project = "default",
) -> None:
    """Let the server delete trees of sessions some time after the last activity in them.

    What goes is what `sessiongraph prune --status STATUS --older-than TIME` deletes; its
    `--dry-run` tells how much that is.
    """
    administer(lambda connection: set_rule(connection, project, status, keep))
    tell(
        f"Trees of {project} whose root is {status} go {write_duration(keep)} after the last "
        "activity in them; servers look every 5 minutes."
    )


@retention.command(name="list")
def list_(
    project: Annotated[str | None, typer.Option(help="Only the rules of this project.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the rules of all projects, or of one. What has no rule is kept for ever."""
    found = administer(lambda connection: list_rules(connection, project))
    rules = [ListedRule(rule.project, rule.status, write_duration(rule.keep_for)) for rule in found]
    print_list(ListedRule, rules, as_json=as_json)


@retention.command()
def remove(status: _Status, project: _Project = "default") -> None:
    """Remove a rule, so that what it was about is kept for ever."""
    administer(lambda connection: remove_rule(connection, project, status))
    tell(f"Trees of {project} whose root is {status} are kept for ever.")
