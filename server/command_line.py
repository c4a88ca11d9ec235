"""The command `sessiongraph`."""

import signal
import sys

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from server.commands.backup import backup
from server.commands.demo import demo
from server.commands.export_file import export_file
from server.commands.forget import forget
from server.commands.import_file import import_file
from server.commands.import_prisma import import_prisma
from server.commands.keys import keys
from server.commands.mcp import mcp
from server.commands.migrate import migrate
from server.commands.persist import persist
from server.commands.print_schema import print_schema
from server.commands.projects import projects
from server.commands.prune import prune
from server.commands.restore import restore
from server.commands.retention import retention
from server.commands.schema_changes import schema_changes
from server.commands.serve import serve
from server.commands.stats import stats
from server.commands.write_migration import write_migration
from server.database import reason
from server.operator_error import OperatorError

application = typer.Typer(
    name="sessiongraph",
    help="The system of record for AI agents, over GraphQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.command()(serve)
application.command()(migrate)
application.command()(demo)
application.command()(backup)
application.command()(restore)
application.command(name="import")(import_file)
application.command(name="export")(export_file)
application.command(name="import-prisma")(import_prisma)
application.command()(persist)
application.command()(forget)
application.command()(stats)
application.command()(prune)
application.command()(mcp)
application.command(name="schema")(print_schema)
application.command(hidden=True)(schema_changes)
application.command(hidden=True)(write_migration)
application.add_typer(keys, name="keys")
application.add_typer(projects, name="projects")
application.add_typer(retention, name="retention")


def main() -> None:
    """Run a command; what the operator can mend is one line on the standard error."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # shells ignore it for what scripts run behind them, but asyncio needs it to be told to end
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):  # a terminal that is closed hangs up; Windows has no such
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    try:
        application()
    except OperatorError as error:
        sys.exit(_complain(str(error)))
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        setting = name if name == "DATABASE_URL" else f"SESSIONGRAPH_{name}"
        sys.exit(_complain(f"The setting {setting} is wrong: {first['msg']}."))
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        sys.exit(_complain(f"The connection to the database was lost: {reason(error)}."))
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(_complain(f"{error.filename}: {error.strerror}."))


def _interrupt(_number: int, _frame: object) -> None:
    """End as for Ctrl-C: what runs is cancelled, and leaves the store in good order."""
    signal.raise_signal(signal.SIGINT)


def _complain(line: str) -> int:
    typer.echo(f"sessiongraph: {line}", err=True)
    return 1
