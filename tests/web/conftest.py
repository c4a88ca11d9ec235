"""A browser, and a server with a sample history whose pages it opens."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy.engine import URL

from models import Scope
from resolvers.context import Context
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.database import create_engine
from server.demo import fill
from server.http.web_pages import BUILT
from server.settings import Settings
from tests.conftest import new_name, run
from tests.server_process import make_environment, serve
from tests.web.graphql_recorder import GraphQLRecorder
from tests.web.watched_page import Watch, watched

SESSIONS = 150
"""Of the sample history: more than a page of the list of sessions."""
_PATIENCE_MILLISECONDS = 15_000
_NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
"""No host outside can be found."""


@dataclass(frozen=True)
class Store:
    """A database with the sample history, and the key of another project, which is empty."""

    url: str
    key: str
    empty_key: str


@pytest.fixture(scope="session")
def store(server_url: URL, template: str) -> Iterator[Store]:
    name = new_name("test")
    asyncio.run(run(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    url = server_url.set(database=name)
    key, empty_key = asyncio.run(_fill(url))
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    yield Store(plain, key, empty_key)
    asyncio.run(run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _fill(url: URL) -> tuple[str, str]:
    engine = create_engine(Settings(), url)
    await fill(Context(engine, 1), SESSIONS)
    async with engine.begin() as connection:
        await create_project(connection, "empty")
        keys = [
            await create_key(connection, project, "test", [Scope.ADMIN])
            for project in ("default", "empty")
        ]
    await engine.dispose()
    return keys[0], keys[1]


def _environment(store: Store, folder: Path) -> dict[str, str]:
    # nobody reads the log's pipe once the server is ready
    own = {"DATABASE_URL": store.url, "SESSIONGRAPH_LOG_LEVEL": "ERROR"}
    return {**make_environment(folder), **own}


@pytest.fixture(scope="session")
def address(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that asks for no key."""
    folder = tmp_path_factory.mktemp("open")
    with serve(_environment(store, folder), "--insecure") as (_, served):
        yield served


@pytest.fixture(scope="session")
def keyed_address(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that asks for a key."""
    with serve(_environment(store, tmp_path_factory.mktemp("keyed"))) as (_, served):
        yield served


@pytest.fixture(scope="session")
def browser(address: str, keyed_address: str) -> Iterator[Browser]:
    """Chromium. It starts after the servers: their fixtures need the thread's event loop."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("NOTHING OF THE PAGES IS TESTED: there is no Chromium. `apt install chromium`")
    if not (BUILT / "explorer" / "index.html").is_file():
        pytest.skip("NOTHING OF THE PAGES IS TESTED: they are not built. `make web`")
    expect.set_options(timeout=_PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root
        opened = playwright.chromium.launch(
            executable_path=executable,
            chromium_sandbox=os.geteuid() != 0,
            args=[_NO_NETWORK],
        )
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A browser without a past."""
    opened = browser.new_context(
        base_url=address, viewport={"width": 1280, "height": 800}, timezone_id="Europe/Berlin"
    )
    opened.set_default_timeout(_PATIENCE_MILLISECONDS)
    yield opened
    opened.close()


@pytest.fixture
def watch(context: BrowserContext, address: str) -> Iterator[Watch]:
    """What goes wrong in the context's pages."""
    with watched(context, address) as made:
        yield made


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """A page on the server that asks for no key. It fails the test if anything goes wrong in it."""
    return context.new_page()


@pytest.fixture
def recorder(address: str) -> Iterator[GraphQLRecorder]:
    """A writer to the project that the page shows."""
    with httpx2.Client(base_url=address) as http:
        yield GraphQLRecorder(http)
