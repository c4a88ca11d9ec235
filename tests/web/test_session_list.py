"""The explorer's list of sessions."""

import re
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.endless_table import MOST_ROWS, rows_of, scroll_to_end
from tests.web.graphql_recorder import GraphQLRecorder
from tests.web.watched_page import Watch

PAGE_ROWS = 50
MOST_RECORDED = 20
MOST_REFUSED = 3
"""Requests that a page makes of a server that refuses them, before somebody asks again."""
COLUMNS = [
    "Session",
    "Status",
    "Agent",
    "User",
    "Children",
    "Messages",
    "Tool calls",
    "Cost",
    "Last activity",
]


def _column(page: Page, name: str) -> list[str]:
    return page.locator(f"tbody td:nth-child({COLUMNS.index(name) + 1})").all_inner_texts()


def _open(page: Page, path: str = "/sessions") -> None:
    page.goto(path)
    expect(rows_of(page).first).to_be_visible()


def _search(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def _wait_for_search(page: Page, name: str) -> None:
    page.wait_for_url(re.compile(rf"[?&]{name}="))


def test_the_front_door_leads_to_it(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    expect(rows_of(page).nth(10)).to_be_visible()
    assert page.locator("thead th").all_inner_texts() == COLUMNS


def test_it_has_no_end_before_the_store_has(page: Page, recorder: GraphQLRecorder) -> None:
    found = recorder.execute("{ sessions(filter: {parent: {isNull: true}}) { totalCount } }")
    total = found["sessions"]["totalCount"]
    assert total > PAGE_ROWS
    _open(page)
    most = scroll_to_end(page)
    last = rows_of(page).last
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-rowindex", str(1 + total))
    assert most <= MOST_ROWS


def test_the_head_of_the_table_stays_in_sight(page: Page) -> None:
    _open(page)
    page.mouse.wheel(0, 700)
    head = page.locator("thead")
    expect(head).to_be_in_viewport()
    page.wait_for_function("scrollY > 300")
    box = head.bounding_box()
    assert box is not None
    assert 47 <= box["y"] <= 49


def test_each_filter(page: Page, recorder: GraphQLRecorder) -> None:
    recorder.session("filtered", title="Look for this one", userId="filter-user", tags=["odd-tag"])
    for label, value, column, shown in (
        ("Text", "for this", "Session", "Look for this one"),
        ("User", "filter-user", "User", "filter-user"),
        ("Tag", "odd-tag", "Session", "Look for this one"),
    ):
        _open(page)
        page.get_by_label(label, exact=True).fill(value)
        expect(rows_of(page)).to_have_count(1)
        assert shown in _column(page, column)[0]
        assert _search(page)[label.lower()] == [value]
    _open(page)
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="FAILED").click()
    page.get_by_role("option", name="WAITING").click()
    expect(rows_of(page).filter(has_text="COMPLETED")).to_have_count(0)
    expect(rows_of(page).filter(has_text="FAILED").first).to_be_visible()
    assert set(_column(page, "Status")) == {"FAILED", "WAITING"}
    _open(page)
    page.get_by_role("combobox", name="Agent").click()
    page.get_by_role("option", name="Shop engineer").click()
    expect(rows_of(page).filter(has_text="Support desk")).to_have_count(0)
    assert set(_column(page, "Agent")) == {"Shop engineer"}
    assert _search(page)["agent"] == ["shop-engineer"]
    _open(page)
    page.get_by_role("combobox", name="Started").click()
    page.get_by_role("option", name="In 7 days").click()
    _wait_for_search(page, "days")
    expect(rows_of(page).filter(has_text="month")).to_have_count(0)


@pytest.mark.parametrize(
    ("order", "label"),
    [
        ("LAST_ACTIVITY_AT", "Last activity"),
        ("STARTED_AT", "Start"),
        ("ENDED_AT", "End"),
        ("QUALITY_SCORE", "Quality"),
    ],
)
def test_each_order(page: Page, recorder: GraphQLRecorder, order: str, label: str) -> None:
    page.goto("/sessions?user=ada")
    expect(rows_of(page).first).to_be_visible()
    field = page.get_by_role("combobox", name="Order")
    field.click()
    page.get_by_role("option", name=label).click()
    expect(field).to_have_value(label)
    for direction in ("DESC", "ASC"):
        found = recorder.execute(
            f"""{{ sessions(
                first: 10
                filter: {{parent: {{isNull: true}}, userId: {{eq: "ada"}}}}
                orderBy: {{field: {order}, direction: {direction}}}
            ) {{ nodes {{ id }} }} }}"""
        )
        for place, session in enumerate(found["sessions"]["nodes"]):
            expect(rows_of(page).nth(place).get_by_role("link")).to_have_attribute(
                "href", f"/sessions/{session['id']}"
            )
        page.get_by_role(
            "button", name="Descending" if direction == "DESC" else "Ascending"
        ).click()


def test_a_link_opened_anew_shows_the_same(page: Page) -> None:
    _open(page)
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="COMPLETED").click()
    expect(rows_of(page).filter(has_not_text="COMPLETED")).to_have_count(0)
    page.get_by_label("Text").fill("parcel")
    _wait_for_search(page, "text")
    expect(rows_of(page).filter(has_not_text=re.compile("parcel", re.IGNORECASE))).to_have_count(0)
    shown = _column(page, "Session")
    again = page.context.new_page()
    _open(again, page.url)
    expect(again.get_by_label("Text")).to_have_value("parcel")
    assert _column(again, "Session") == shown


def test_a_phones_filters_are_behind_a_button(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _open(page, "/sessions?user=ada&order=STARTED_AT")
    field = page.get_by_label("User")
    expect(field).to_be_hidden()
    button = page.get_by_role("button", name="Filters (1)")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(field).to_have_value("ada")
    field.fill("")
    expect(page.get_by_role("button", name="Filters", exact=True)).to_be_visible()


def test_back_and_forward(page: Page) -> None:
    _open(page, "/sessions?user=ada")
    title = page.locator("tbody a").first.inner_text()
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.go_back()
    expect(page.get_by_label("User")).to_have_value("ada")
    expect(rows_of(page).first).to_be_visible()
    assert set(_column(page, "User")) == {"ada"}
    page.go_forward()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def test_it_says_that_there_are_new_ones(page: Page, recorder: GraphQLRecorder) -> None:
    page.goto("/sessions?tag=live-tag")
    expect(page.get_by_text("Take a filter off")).to_be_visible()
    note = page.get_by_role("status").get_by_role("button")
    recorder.session("other", title="Of no interest")
    recorded = 0
    while note.count() == 0:  # what is recorded before the page listens has no note
        recorded += 1
        recorder.session(f"live {recorded}", title="Recorded meanwhile", tags=["live-tag"])
        with suppress(AssertionError):
            expect(note).to_be_visible(timeout=1_000)
        assert recorded < MOST_RECORDED
    expect(note).to_have_text("A session has come: show")
    note.click()
    expect(rows_of(page)).to_have_count(recorded)
    expect(rows_of(page).first).to_contain_text("Recorded meanwhile")
    expect(note).to_have_count(0)


def test_what_changes_is_shown_where_it_stands(page: Page, recorder: GraphQLRecorder) -> None:
    for name in ("first", "second"):
        recorder.session(f"change {name}", title=f"Change, the {name}", tags=["change-tag"])
    page.goto("/sessions?tag=change-tag&order=STARTED_AT")
    expect(rows_of(page)).to_have_text([re.compile("second"), re.compile("first")])
    shown = rows_of(page).filter(has_text="Renamed")
    renamed = 0
    while shown.count() == 0:  # what is recorded before the page listens is not shown
        renamed += 1
        assert renamed < MOST_RECORDED
        title = f"Renamed, {renamed}"
        recorder.record("updateSession", "session { id }", session="change first", title=title)
        with suppress(AssertionError):
            expect(shown).to_be_visible(timeout=1_000)
    recorder.record("endSession", "session { id }", session="change first", status="COMPLETED")
    expect(rows_of(page)).to_have_text(
        [re.compile("second.*ACTIVE"), re.compile("Renamed.*COMPLETED")]
    )
    expect(page.get_by_role("status").get_by_role("button")).to_have_count(0)


def test_a_list_that_was_left_is_found_again_where_it_was(page: Page) -> None:
    _open(page)
    scroll_to_end(page)
    link = rows_of(page).nth(-5).get_by_role("link")
    href = link.get_attribute("href")
    link.click()
    page.wait_for_url(f"**{href}")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator(f"a[href='{href}']")).to_be_in_viewport()


def test_a_link_to_all_empties_the_fields(page: Page) -> None:
    page.goto("/sessions?text=nothing%20like%20this&user=nobody")
    expect(page.get_by_text("Take a filter off")).to_be_visible()
    page.get_by_role("link", name="Sessions").click()
    expect(rows_of(page).first).to_be_visible()
    expect(page.get_by_label("Text", exact=True)).to_have_value("")
    expect(page.get_by_label("User", exact=True)).to_have_value("")


def test_a_server_that_does_not_answer_is_asked_again_by_hand(page: Page, watch: Watch) -> None:
    watch.expect("ERR_FAILED")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("**/graphql", refuse)
    page.goto("/sessions")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    page.unroute("**/graphql", refuse)
    page.get_by_role("button", name="Try again").click()
    expect(rows_of(page).first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(asked) <= MOST_REFUSED
