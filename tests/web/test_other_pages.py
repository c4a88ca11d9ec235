"""The explorer's pages of agents, memories and the states of modules."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.graphql_recorder import GraphQLRecorder

CHARTS = [
    "Sessions a day",
    "Share of tool calls that failed",
    "Tokens a day",
    "Cost a day, USD",
    "Mean duration of a session, by the day it began",
]


def test_agents_lead_to_their_versions_side_by_side(page: Page) -> None:
    page.goto("/agents")
    page.get_by_role("link", name=re.compile("^Support desk")).click()
    expect(page.get_by_role("heading", name="Support desk")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").first).to_contain_text("active")
    for chart in CHARTS:
        expect(
            page.get_by_role("region", name=chart).locator("svg.recharts-surface").first
        ).to_be_visible()
    page.get_by_text("90 days").click()
    page.wait_for_url("**days=90")
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.get_by_role("radio", name="90 days")).to_be_checked()


def test_memories_are_searched(page: Page) -> None:
    page.goto("/memories")
    rows = page.locator("tbody tr")
    expect(rows.nth(20)).to_be_attached()
    page.get_by_label("Text").fill("delays by mail")
    page.wait_for_url("**text=*")
    expect(rows.filter(has_not_text="delays by mail")).to_have_count(0)
    expect(rows.first).to_be_visible()
    page.get_by_label("Text").fill("nothing is like this")
    expect(page.get_by_text("No memory is like that.")).to_be_visible()
    page.get_by_label("Text").fill("")
    page.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name="Log reader").click()
    expect(rows.filter(has_text="Support desk")).to_have_count(0)
    expect(rows.first).to_contain_text("Log reader")


def test_a_memory_has_its_uses_remarks_and_relations(page: Page, recorder: GraphQLRecorder) -> None:
    older = recorder.record(
        "createMemory", "memory { id }", type="episodic", content="Ada likes tea", userId="ada"
    )["memory"]["id"]
    memory = recorder.record(
        "createMemory",
        "memory { id }",
        type="episodic",
        content="Ada likes coffee",
        userId="ada",
        relations=[{"memory": older, "relationType": "SUPERSEDES"}],
    )["memory"]["id"]
    for hour in range(21):
        recorder.record(
            "recordMemoryAccess",
            "replayed",
            memory=memory,
            accessType="READ",
            accessedBy=f"reader {hour}",
            occurredAt=f"2026-01-01T{hour:02}:00:00Z",
        )
    recorder.record(
        "recordMemoryAccess",
        "replayed",
        memory=memory,
        accessType="SEARCH_HIT",
        accessedBy="barista",
        usefulness=0.75,
    )
    recorder.record(
        "createMemoryAnnotation",
        "replayed",
        memory=memory,
        annotationType="doubt",
        content={"text": "Only on Mondays"},
        annotatorKind="HUMAN",
    )
    page.goto(f"/memories/{memory}")
    main = page.get_by_role("main")
    for text in ("Ada likes coffee", "SEARCH_HIT", "barista", "0.75", "doubt", "Only on Mondays"):
        expect(main).to_contain_text(text)
    uses = page.get_by_role("table").locator("tbody tr")
    expect(uses).to_have_count(20)
    expect(uses.first).to_contain_text("barista")
    expect(uses.last).to_contain_text("reader 2")
    expect(page.get_by_role("region", name="Uses a day").locator("svg").first).to_be_visible()
    page.get_by_role("link", name="Ada likes tea").click()
    page.wait_for_url(f"**/memories/{older}")


def test_a_state_is_shown_as_of_any_revision(page: Page, recorder: GraphQLRecorder) -> None:
    session = recorder.session("states", title="States")
    for step in range(1, 6):
        state = recorder.record(
            "upsertModuleState",
            "moduleState { id }",
            session=session,
            moduleId="plan",
            state={"step": step},
        )["moduleState"]["id"]
    page.goto(f"/module-states/{state}")
    expect(page.get_by_role("region", name="The state as of revision 5")).to_contain_text(
        '"step": 5'
    )
    expect(page.get_by_role("article")).to_have_count(5)
    slider = page.get_by_role("slider", name="Revision")
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(page.get_by_role("region", name="The state as of revision 3")).to_contain_text(
        '"step": 3'
    )
    page.wait_for_url("**revision=3")
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.get_by_role("region", name="The state as of revision 3")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/agents/nobody", "There is no such agent"),
        ("/memories/memory_01h455vb4pex5vsknk084sn02q", "There is no such memory"),
        (
            "/module-states/module_state_01h455vb4pex5vsknk084sn02q",
            "There is no such module state",
        ),
        ("/memories/no-id", "That did not work"),
    ],
)
def test_what_is_unknown_is_said(page: Page, path: str, text: str) -> None:
    page.goto(path)
    expect(page.get_by_role("alert")).to_contain_text(text)
