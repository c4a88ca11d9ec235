"""The explorer for everybody: by keyboard, in the dark, on a phone, read aloud."""

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.web.graphql_recorder import GraphQLRecorder

AXE = Path(__file__).parent.parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
VIEWS = [
    "sessions",
    "session",
    "open question",
    "timeline",
    "states",
    "session's memories",
    "agents",
    "agent",
    "memories",
    "memory",
    "module state",
    "unknown",
]
MOST_TABS = 400


_EXAMPLES = """{
    memories(first: 1, filter: {accessCount: {gt: 0}, session: {isNull: false}}) {
        nodes { id session { id } }
    }
    agents(first: 1) { nodes { id } }
    moduleStates(first: 1, filter: {revision: {gt: 1}}) { nodes { id } }
    confirmations(first: 1, filter: {status: {eq: PENDING}}) { nodes { session { id } } }
}"""


def _path(view: str, recorder: GraphQLRecorder) -> str:
    found = recorder.execute(_EXAMPLES)
    first = {noun: page["nodes"][0] for noun, page in found.items()}
    session = f"/sessions/{first['memories']['session']['id']}"
    return {
        "session": session,
        "open question": f"/sessions/{first['confirmations']['session']['id']}",
        "timeline": f"{session}?view=timeline",
        "states": f"{session}?view=states",
        "session's memories": f"{session}?view=memories",
        "agent": f"/agents/{first['agents']['id']}",
        "memory": f"/memories/{first['memories']['id']}",
        "module state": f"/module-states/{first['moduleStates']['id']}",
        "unknown": "/sessions/unknown",
    }.get(view, f"/{view}")


def _open(page: Page, view: str, recorder: GraphQLRecorder) -> None:
    page.goto(_path(view, recorder))
    expect(page.locator("main h1, main [role=alert]").first).to_be_visible()
    expect(page.locator(".mantine-Loader-root, .mantine-Skeleton-root")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_no_serious_fault(
    page: Page, recorder: GraphQLRecorder, view: str, scheme: Literal["light", "dark"]
) -> None:
    """https://github.com/dequelabs/axe-core"""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    _open(page, view, recorder)
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == scheme
    assert _serious_faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_graphiql(
    page: Page, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/graphql")
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("sessions")
    expect(page.locator("#graphiql[inert]")).to_have_count(0)
    # GraphiQL's own: its tabs have buttons in them
    assert _serious_faults(page, "nested-interactive") == []


def _serious_faults(page: Page, *known: str) -> list[tuple[str, str, list[str]]]:
    """Find what is of a serious or critical impact, apart from known rules."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((found) => found.violations)")
    return [
        (fault["id"], fault["help"], [node["html"] for node in fault["nodes"]][:3])
        for fault in found
        if fault["impact"] in {"serious", "critical"} and fault["id"] not in known
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_scrolls_no_page_sideways(page: Page, recorder: GraphQLRecorder, view: str) -> None:
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    _open(page, view, recorder)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Agents").first.click()
    expect(page.get_by_role("heading", name="Agents", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize(
    "view", ["sessions", "open question", "agents", "agent", "memories", "memory", "module state"]
)
def test_the_keyboard_reaches_everything(page: Page, recorder: GraphQLRecorder, view: str) -> None:
    _open(page, view, recorder)
    page.evaluate(
        """() => {
            const can = 'a[href], button, input, [role=slider], [role=region][tabindex="0"]';
            for (const element of document.querySelectorAll(can)) {
                const isIn = element.checkVisibility() && element.tabIndex >= 0;
                // of some radio buttons one has the focus, and arrows reach the others
                const isOther = element.type === 'radio' && !element.checked;
                if (isIn && !isOther) element.dataset.unreached = '';
            }
            document.addEventListener('focusin', ({target}) => delete target.dataset.unreached);
        }"""
    )
    unreached = page.locator("[data-unreached]")
    assert unreached.count() > 5
    for _ in range(MOST_TABS):
        if unreached.count() == 0:
            break
        page.keyboard.press("Tab")
    assert unreached.evaluate_all("(elements) => elements.map((each) => each.outerHTML)") == []


def test_light_or_dark_is_chosen_and_kept(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/agents")
    page.get_by_role("button", name="Light or dark").click()
    html = page.locator("html")
    expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
