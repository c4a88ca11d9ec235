"""`sessiongraph serve`: run the server."""

import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from server.addresses import write_url
from server.administration.api_keys import count_working_keys
from server.commands import tell
from server.listening import take_ports
from server.notices.change_notices import read_listen_url
from server.operator_error import OperatorError
from server.process import Server, run
from server.settings import Settings
from server.store import open_store
from server.structured_logs import configure_logs
from server.tls import check_certificate
from server.workers import Workers


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes to run.", min=1)] = None,
    *,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Need no API keys, whoever can reach the address.")
    ] = False,
) -> None:
    """Serve the API, on the embedded PostgreSQL or that of DATABASE_URL."""
    given = {"host": host, "port": port, "workers": workers, "insecure": insecure or None}
    settings = Settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    run_server(settings)


def run_server(
    settings: Settings, prepare: Callable[[AsyncEngine], Awaitable[str]] | None = None
) -> None:
    """Serve until told to stop, and tell the operator the address once requests are answered.

    `prepare` does something to the store first, and gives the path that the address is to have.
    """
    configure_logs(settings)
    check_certificate(settings)
    if settings.listen_url is not None:
        read_listen_url(settings.listen_url)
    with take_ports(settings) as listeners:
        run(_serve(settings, listeners, prepare))


async def _serve(
    settings: Settings,
    listeners: list[socket.socket],
    prepare: Callable[[AsyncEngine], Awaitable[str]] | None,
) -> None:
    async with open_store(settings, tell, alone=True) as engine:
        await _check_access(settings, engine)
        path = "" if prepare is None else await prepare(engine)
        port = listeners[0].getsockname()[1]
        url = write_url(settings.host, port, speaks_tls=settings.speaks_tls)
        announce = partial(tell, f"Sessiongraph: {url}{path}")
        if settings.workers == 1:
            await Server(settings, engine, announce).serve(listeners)
        else:
            await engine.dispose()  # this process asks nothing of the database while workers run
            same_port = settings.model_copy(update={"port": port})
            await Workers(same_port, engine.url).run(announce)


async def _check_access(settings: Settings, engine: AsyncEngine) -> None:
    if not settings.requires_key:
        if not settings.is_loopback:
            tell("Warning: anyone who can reach this address can read and write everything.")
        return
    if settings.oidc_issuer is not None:
        return
    async with engine.connect() as connection:
        has_keys = await count_working_keys(connection) > 0
    if not has_keys:
        raise OperatorError(
            "There are no API keys that work, so nobody could use the server. Make one with "
            "`sessiongraph keys create`, or allow everyone with SESSIONGRAPH_INSECURE=true "
            "or `serve --insecure`."
        )
