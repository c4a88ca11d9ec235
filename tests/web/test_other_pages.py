"""The explorer's pages of agents, memories and the states of modules."""

import re
from datetime import UTC, datetime, timedelta

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
MANY_REVISIONS = 130
DRAWN = ".recharts-bar-rectangle path, .recharts-line-curve"


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


def test_the_list_of_agents_has_their_figures(page: Page, recorder: GraphQLRecorder) -> None:
    page.goto("/agents")
    row = page.locator("tbody tr").filter(has_text="Support desk")
    to = page.evaluate("new Date(new Date().setHours(24, 0, 0, 0)).toISOString()")
    start = (datetime.fromisoformat(to) - timedelta(days=30)).isoformat()
    usage = recorder.execute(
        """query ($agent: ID!, $from: DateTime!, $to: DateTime!) { agent(id: $agent) {
            usage(from: $from, to: $to, bucket: DAY) {
                sessionCount toolCallCount failedToolCallCount
            }
        } }""",
        **{"agent": "support-desk", "from": start, "to": to},
    )["agent"]["usage"]
    sessions, calls, failed = (
        sum(bucket[name] for bucket in usage)
        for name in ("sessionCount", "toolCallCount", "failedToolCallCount")
    )
    cells = row.locator("td")
    expect(cells.nth(2)).to_have_text(str(sessions))
    expect(cells.nth(3)).to_have_text(str(calls))
    share = float(cells.nth(4).inner_text().removesuffix(" %"))
    assert share == pytest.approx(failed / calls * 100, abs=0.051)


def _dollars(amount: str) -> str:
    digits = 4 if float(amount) < 1 else 2
    return f"${float(amount):.{digits}f}"


def test_versions_and_charts_show_what_the_api_says(page: Page, recorder: GraphQLRecorder) -> None:
    agent = recorder.first_id("agents", '{agentId: {eq: "support-desk"}}')
    page.goto(f"/agents/{agent}")
    expect(page.locator("tbody tr")).to_have_count(3)
    to = datetime.now(UTC)
    found = recorder.execute(
        """query ($agent: ID!, $from: DateTime!, $to: DateTime!) { agent(id: $agent) {
            versionPerformance(from: $from, to: $to) {
                version { versionNumber } sessionCount failedToolCallRate inputTokens
                outputTokens costUsd p50LatencyMs p95LatencyMs
            }
        } }""",
        **{"agent": agent, "from": (to - timedelta(days=90)).isoformat(), "to": to.isoformat()},
    )["agent"]["versionPerformance"]
    page.get_by_text("90 days").click()
    page.wait_for_url("**days=90")
    for row, version in enumerate(found):
        cells = page.locator("tbody tr").nth(row).locator("td")
        for cell, text in (
            (0, version["version"]["versionNumber"]),
            (2, str(version["sessionCount"])),
            (3, f"{version['failedToolCallRate'] * 100:.1f} %"),
            (5, f"{version['inputTokens']:,}"),
            (6, f"{version['outputTokens']:,}"),
            (7, _dollars(version["costUsd"])),
            (8, f"{version['p50LatencyMs'] / 1000:.1f} s"),
            (9, f"{version['p95LatencyMs'] / 1000:.1f} s"),
        ):
            expect(cells.nth(cell)).to_contain_text(text)
    for chart in CHARTS:
        drawn = page.get_by_role("region", name=chart).locator(DRAWN)
        expect(drawn.first).to_be_attached()


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
    expect(main).to_contain_text("It takes the place of Ada likes tea")
    page.get_by_role("link", name="Ada likes tea").click()
    page.wait_for_url(f"**/memories/{older}")
    expect(main).to_contain_text("Ada likes coffee takes the place of it")


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
    last = page.get_by_role("article").first
    expect(last).to_contain_text("Revision 5")
    expect(last.locator(".jsondiffpatch-left-value")).to_have_text("4")
    expect(last.locator(".jsondiffpatch-right-value")).to_have_text("5")
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


def test_each_change_of_a_state_can_be_read(page: Page, recorder: GraphQLRecorder) -> None:
    session = recorder.session("many states", title="Many states")
    values = {"session": session, "moduleId": "counter"}
    recorder.record(
        "recordBatch",
        "replayed",
        idempotencyKey="many states",
        records=[
            {"upsertModuleState": {**values, "state": {"step": step}}}
            for step in range(1, MANY_REVISIONS + 1)
        ],
    )
    state = recorder.first_id("moduleStates", f'{{session: {{eq: "{session}"}}}}')
    page.goto(f"/module-states/{state}")
    changes = page.get_by_role("article")
    expect(changes.first).to_contain_text(f"Revision {MANY_REVISIONS}")
    while changes.count() < MANY_REVISIONS:
        before = changes.count()
        page.get_by_role("button", name="Show more").click()
        expect(changes.nth(before)).to_be_attached()
    expect(changes).to_have_count(MANY_REVISIONS)
    expect(changes.last).to_contain_text("Revision 1")
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def test_what_is_recorded_is_text_and_not_markup(page: Page, recorder: GraphQLRecorder) -> None:
    hostile = "</pre>\"'><img src=x><b>bold</b>"
    session = recorder.session("hostile", title=hostile, purpose=hostile, tags=[hostile])
    for text in (hostile, hostile * 2):
        state = recorder.record(
            "upsertModuleState",
            "moduleState { id }",
            session=session,
            moduleId="hostile",
            state={hostile: text, "list": [text], "text": text * 50},
        )["moduleState"]["id"]
    recorder.say(session, hostile)
    memory = recorder.record(
        "createMemory", "memory { id }", type="hostile", content={hostile: hostile}
    )["memory"]["id"]
    for path in (
        "/sessions",
        f"/sessions/{session}",
        f"/sessions/{session}?view=timeline",
        f"/module-states/{state}",
        f"/memories/{memory}",
        "/memories?type=hostile",
    ):
        page.goto(path)
        expect(page.get_by_role("main")).to_contain_text("<b>bold</b>")
        expect(page.locator("main img, main b")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/agents/nobody", "There is no such agent"),
        ("/memories/memory_01h455vb4pex5vsknk084sn02q", "There is no such memory"),
        (
            "/module-states/module_state_01h455vb4pex5vsknk084sn02q",
            "There is no such module state",
        ),
        ("/module-states/no-id", "That did not work"),
    ],
)
def test_what_is_unknown_is_said(page: Page, path: str, text: str) -> None:
    page.goto(path)
    expect(page.get_by_role("alert")).to_contain_text(text)
