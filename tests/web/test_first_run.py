"""The first run: one command, one address, and a tree of sessions behind it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.guide_blocks import Reader, read_blocks
from tests.server_process import READY_SECONDS, Demo, make_environment, serve_demo
from tests.web.watched_page import watched

GUIDE = Path(__file__).parent.parent.parent / "docs/guides/first-hour.md"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A server that had an empty store."""
    environment = make_environment(tmp_path_factory.mktemp("first-run"))
    with serve_demo(environment, "--sessions", "20") as served:
        yield served


@pytest.fixture
def context(demo: Demo, browser: Browser) -> Iterator[BrowserContext]:
    """A browser that may ask the demo's server, and no other."""
    context = browser.new_context()
    with watched(context, demo.address):
        yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that fails the test if anything goes wrong in it."""
    return context.new_page()


def test_the_one_address_shows_a_tree(demo: Demo, page: Page) -> None:
    assert demo.output.count("http") == 1
    page.goto(demo.shown)
    tree = page.get_by_role("navigation", name="Sessions of the tree").get_by_role("link")
    expect(tree.nth(1)).to_be_visible()
    messages = page.get_by_role("region", name="Messages")
    expect(messages.get_by_role("article").first).to_be_visible()
    page.get_by_role("link", name="GraphiQL").click()
    expect(page).to_have_title("GraphiQL · Sessiongraph")


def test_the_server_is_found_without_the_path(demo: Demo, page: Page) -> None:
    page.goto(demo.address)
    expect(page.get_by_role("link", name="Sessions")).to_be_visible()


def test_the_guides_question_is_decided_in_the_explorer(
    demo: Demo, page: Page, tmp_path: Path
) -> None:
    reader = Reader(tmp_path, demo.address, {})
    for kind, block in read_blocks(GUIDE):
        if kind == "python":
            reader.do(kind, block, ("", ""))
    runtime = subprocess.Popen(
        [sys.executable, "runtime.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert runtime.stdout is not None
    session = runtime.stdout.readline().split()[0]
    page.goto(session)
    page.get_by_role("button", name="Approve").click()
    output, _ = runtime.communicate(timeout=READY_SECONDS)
    assert "refund APPROVED" in output
    assert runtime.returncode == 0
    expect(page.get_by_text("You get 20 euros back.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    tree = page.get_by_role("navigation", name="Sessions of the tree").get_by_role("link")
    expect(tree).to_have_count(2)
    for view, shown in (("States", "plan"), ("Memories", "loses parcels")):
        page.get_by_role("tab", name=view).click()
        expect(page.get_by_role("tabpanel", name=view)).to_contain_text(shown)
