"""The explorer's list of memories."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.endless_table import MOST_ROWS, rows_of, scroll_to_end
from tests.web.graphql_recorder import GraphQLRecorder

MANY = 400


def _links(page: Page) -> Locator:
    return rows_of(page).get_by_role("link")


def _remember(recorder: GraphQLRecorder, name: str, **values: Any) -> str:
    """Record a memory, once for each name; give its id."""
    made = recorder.record(
        "createMemory", "memory { id }", idempotencyKey=f"memory/{name}", contentText=name, **values
    )
    return str(made["memory"]["id"])


@pytest.fixture
def many(recorder: GraphQLRecorder) -> None:
    """As many memories of one type, recorded once."""
    recorder.record(
        "recordBatch",
        "replayed",
        idempotencyKey="many memories",
        records=[
            {
                "createMemory": {
                    "type": "many",
                    "content": f"Number {number}",
                    "importance": (number * 7 % MANY) / MANY,
                }
            }
            for number in range(MANY)
        ],
    )


@pytest.mark.usefixtures("many")
def test_it_has_no_end_before_the_store_has(page: Page) -> None:
    page.goto("/memories?type=many")
    expect(_links(page).first).to_have_text(f"Number {MANY - 1}")
    most = scroll_to_end(page)
    expect(_links(page).last).to_be_in_viewport()
    expect(_links(page).last).to_have_text("Number 0")
    assert most <= MOST_ROWS


@pytest.mark.usefixtures("many")
def test_the_order(page: Page) -> None:
    page.goto("/memories?type=many")
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="Importance").click()
    page.wait_for_url("**order=IMPORTANCE*")
    most_important = next(number for number in range(MANY) if number * 7 % MANY == MANY - 1)
    expect(_links(page).first).to_have_text(f"Number {most_important}")
    page.get_by_role("button", name="Descending").click()
    expect(_links(page).first).to_have_text("Number 0")
    again = page.context.new_page()
    again.goto(page.url)
    expect(_links(again).first).to_have_text("Number 0")


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("Text", "text", "the one that is LOOKED for"),
        ("User", "user", "42"),
        ("Type", "type", "rare"),
        ("Kind", "kind", "procedural"),
    ],
)
def test_what_is_typed_is_looked_for(
    page: Page, recorder: GraphQLRecorder, field: str, name: str, value: str
) -> None:
    _remember(
        recorder,
        "The one that is looked for",
        type="rare",
        memoryType="procedural",
        content="Something",
        userId="42",
    )
    page.goto("/memories")
    page.get_by_label(field, exact=True).fill(value)
    expect(rows_of(page)).to_have_count(1)
    expect(_links(page)).to_have_text("The one that is looked for")
    assert parse_qs(urlsplit(page.url).query)[name][0].strip('"') == value
    again = page.context.new_page()
    again.goto(f"/memories?{name}={value}")
    expect(again.get_by_label(field, exact=True)).to_have_value(value)
    expect(rows_of(again)).to_have_count(1)


def test_what_is_chosen_is_looked_for(page: Page, recorder: GraphQLRecorder) -> None:
    agent = recorder.execute("{ agents(first: 1) { nodes { agentId name } } }")["agents"]["nodes"][
        0
    ]
    own = _remember(recorder, "Of one agent", type="chosen", content="", agent=agent["agentId"])
    _remember(recorder, "Of all", type="chosen", content="")
    recorder.record(
        "updateMemory", "memory { id }", memory=own, state="ARCHIVED", expectedRevision=1
    )
    for field, option, found in (
        ("Agent", agent["name"], "Of one agent"),
        ("Shared by", "All agents", "Of all"),
        ("Shared by", "One agent", "Of one agent"),
        ("State", "Put away", "Of one agent"),
        ("State", "Holds", "Of all"),
    ):
        page.goto("/memories?type=chosen")
        expect(rows_of(page)).to_have_count(2)
        page.get_by_role("combobox", name=field).click()
        page.get_by_role("option", name=option).click()
        expect(_links(page)).to_have_text([found])
    page.goto("/memories?type=chosen&days=1")
    expect(rows_of(page)).to_have_count(2)
    expect(page.get_by_role("combobox", name="Recorded")).to_have_value("Today")
    page.goto("/memories?state=SUPERSEDED&type=chosen")
    expect(page.get_by_text("No memory is like that. Take a filter off.")).to_be_visible()


@pytest.mark.usefixtures("many")
def test_a_list_that_was_left_is_found_again_where_it_was(page: Page) -> None:
    page.goto("/memories?type=many")
    expect(_links(page).first).to_be_visible()
    scroll_to_end(page)
    page.get_by_role("link", name=re.compile("^Number 3$")).click()
    page.wait_for_url("**/memories/memory_*")
    page.go_back()
    expect(page.get_by_role("link", name=re.compile("^Number 3$"))).to_be_in_viewport()
