"""`sessiongraph serve`: run the server."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Annotated

import typer
import uvicorn
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models import ApiKey
from server.app import create_app
from server.commands import tell
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store
from server.structured_logs import configure_logs

_BACKLOG = 2048
_DRAIN_SECONDS = 30


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)] = None,
    *,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Need no API keys, whoever can reach the address.")
    ] = False,
) -> None:
    """Serve the API, on the embedded PostgreSQL or that of DATABASE_URL."""
    given = {"host": host, "port": port, "insecure": insecure or None}
    settings = Settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    configure_logs(settings)
    with _listen(settings) as listener:
        _run(_serve(settings, listener))


def _run(serving: Coroutine[None, None, None]) -> None:
    if sys.platform == "win32":
        asyncio.run(serving)
    else:
        import uvloop  # noqa: PLC0415  not to be had on Windows

        uvloop.run(serving)


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything else is done."""
    try:
        return socket.create_server(
            (settings.host, settings.port),
            family=socket.AF_INET6 if ":" in settings.host else socket.AF_INET,
            backlog=_BACKLOG,
        )
    except OSError as error:
        number = error.errno or 0  # below 0 for a name that is not found
        why = os.strerror(number) if number > 0 else "the name is not found"
        raise OperatorError(
            f"Cannot listen on {settings.host}:{settings.port} ({why}). "
            "Choose another with --port or SESSIONGRAPH_PORT."
        ) from error


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with open_store(settings, tell, alone=True) as engine:
        await _check_access(settings, engine)
        configuration = uvicorn.Config(
            create_app(settings, engine),
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        server = uvicorn.Server(configuration)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"GraphiQL: http://{host}:{listener.getsockname()[1]}/graphql")
        # uvicorn hears them while it serves, and raises them again once it has stopped in good
        # order: by then they have been obeyed, and we have yet to leave the store
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        await server.serve(sockets=[listener])
        if not server.started:
            raise OperatorError("The server did not start; its log above says why.")


async def _check_access(settings: Settings, engine: AsyncEngine) -> None:
    if not settings.requires_key:
        if not settings.is_loopback:
            tell("Warning: anyone who can reach this address can read and write everything.")
        return
    async with engine.connect() as connection:
        has_keys = await connection.scalar(select(exists().where(ApiKey.revoked_at.is_(None))))
    if not has_keys:
        raise OperatorError(
            "There are no API keys, so nobody could use the server. Make one with "
            "`sessiongraph keys create`, or allow everyone with --insecure."
        )
