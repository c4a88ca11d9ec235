"""The pictures in docs/pictures: `make pictures` takes them of a fresh sample history.

The history is the same each time but for its ids and dates, so the pictures differ in these alone.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
from playwright.sync_api import Page, expect, sync_playwright

from tests.server_process import COMMAND, make_environment, serve
from tests.web.graphql_recorder import GraphQLRecorder

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
_PIXELS_PER_POINT = 1.5
_QUALITY = 80
"""Of WebP, out of 100."""
_PATIENCE_MILLISECONDS = 30_000

_EXAMPLES = """{
    deepest: sessions(first: 100, filter: {depth: {eq: 2}}) {
        nodes { root { id treeUsage { sessionCount failedToolCallCount } } }
    }
    agents(first: 1, filter: {agentId: {eq: "support-desk"}}) { nodes { id } }
    memories(first: 100, filter: {accessCount: {gt: 1}}) {
        nodes { id accessCount annotations { totalCount } }
    }
    moduleStates(first: 100, filter: {revision: {gt: 2}}) { nodes { id revision } }
}"""


def _show_explorer(page: Page) -> None:
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("main .mantine-Loader-root, .mantine-Skeleton-root")).to_have_count(0)


def _show_session(page: Page) -> None:
    _show_explorer(page)
    messages = page.get_by_role("region", name="Messages").get_by_role("article")
    expect(messages.nth(3)).to_be_attached()


def _show_timeline(page: Page) -> None:
    _show_explorer(page)
    region = page.get_by_role("region", name="Events")
    change = region.locator(".jsondiffpatch-left-value").first
    for _ in range(20):
        if change.count():
            break
        region.hover()
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(100)
    change.scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    expect(change).to_be_visible()


def _show_agent(page: Page) -> None:
    _show_explorer(page)
    expect(page.locator("svg.recharts-surface").nth(4)).to_be_attached()


def _show_memory(page: Page) -> None:
    _show_explorer(page)
    expect(page.locator("svg.recharts-surface").first).to_be_visible()


def _show_module_state(page: Page) -> None:
    _show_explorer(page)
    page.get_by_role("slider", name="Revision").press("ArrowLeft")
    expect(page.get_by_role("region", name=re.compile("^The state as of revision"))).to_be_visible()


def _show_graphiql(page: Page) -> None:
    editor = page.locator(".graphiql-query-editor .view-lines")
    expect(editor).to_contain_text("Sessions")
    page.get_by_role("tab", name="Tree").click()
    expect(editor).to_contain_text("Tree")
    page.get_by_role("button", name=re.compile("^Execute query")).click()
    expect(page.locator(".graphiql-response")).to_contain_text("descendants")


@dataclass(frozen=True)
class Picture:
    """A page, and what is waited for or done before it is taken."""

    find_path: Callable[[dict[str, Any]], str]
    show: Callable[[Page], None]


def _session(found: dict[str, Any]) -> str:
    """Give the address of the richest tree in which a call has failed."""
    roots = [node["root"] for node in found["deepest"]["nodes"]]
    usages = {root["id"]: root["treeUsage"] for root in roots}

    def richness(root: str) -> tuple[bool, int]:
        return usages[root]["failedToolCallCount"] > 0, usages[root]["sessionCount"]

    return f"/sessions/{max(usages, key=richness)}"


def _memory(found: dict[str, Any]) -> str:
    def richness(node: dict[str, Any]) -> tuple[bool, int]:
        return node["annotations"]["totalCount"] > 0, node["accessCount"]

    return f"/memories/{max(found['memories']['nodes'], key=richness)['id']}"


def _module_state(found: dict[str, Any]) -> str:
    states = found["moduleStates"]["nodes"]
    return f"/module-states/{max(states, key=lambda node: node['revision'])['id']}"


PICTURES = {
    "sessions": Picture(lambda _: "/sessions", _show_explorer),
    "session": Picture(_session, _show_session),
    "timeline": Picture(lambda found: f"{_session(found)}?view=timeline", _show_timeline),
    "agent": Picture(lambda found: f"/agents/{found['agents']['nodes'][0]['id']}", _show_agent),
    "memory": Picture(_memory, _show_memory),
    "module-state": Picture(_module_state, _show_module_state),
    "graphiql": Picture(lambda _: "/graphql", _show_graphiql),
}


def open_picture(page: Page, name: str, recorder: GraphQLRecorder) -> None:
    """Open what a picture shows."""
    page.goto(PICTURES[name].find_path(recorder.execute(_EXAMPLES)))
    PICTURES[name].show(page)


def take(page: Page) -> bytes:
    """Take a picture of a page as WebP, which Playwright itself does not write."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # charts and scroll bars settle
    session = page.context.new_cdp_session(page)
    options = {"format": "webp", "quality": _QUALITY}
    return base64.b64decode(session.send("Page.captureScreenshot", options)["data"])


def _take_all(address: str) -> None:
    executable = shutil.which("chromium")
    if executable is None:
        sys.exit("There is no Chromium. `apt install chromium`")
    expect.set_options(timeout=_PATIENCE_MILLISECONDS)
    FOLDER.mkdir(exist_ok=True)
    with httpx2.Client(base_url=address) as http, sync_playwright() as playwright:
        # Chromium has no sandbox for root
        browser = playwright.chromium.launch(
            executable_path=executable, chromium_sandbox=os.geteuid() != 0
        )
        for scheme in SCHEMES:
            context = browser.new_context(
                base_url=address,
                viewport={"width": 1280, "height": 800},
                device_scale_factor=_PIXELS_PER_POINT,
                color_scheme=scheme,
                reduced_motion="reduce",
                timezone_id="Europe/Berlin",
            )
            for name in PICTURES:
                page = context.new_page()
                open_picture(page, name, GraphQLRecorder(http))
                (FOLDER / f"{name}-{scheme}.webp").write_bytes(take(page))
                page.close()
            context.close()
        browser.close()


def main() -> None:
    """Fill a store of its own, serve it, and write the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "server" / "store"  # PostgreSQL, as another user, goes through these
        store.mkdir(parents=True)
        environment = {**make_environment(store), "SESSIONGRAPH_LOG_LEVEL": "ERROR"}
        subprocess.run([COMMAND, "demo"], env=environment, check=True)
        with serve(environment) as (_, address):
            _take_all(address)


if __name__ == "__main__":
    main()
