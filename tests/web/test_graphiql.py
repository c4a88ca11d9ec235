"""GraphiQL, as it is opened by somebody who just started the server."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Response, Route, expect

from tests.web.graphql_recorder import GraphQLRecorder

TABS = [
    "Sessions",
    "Tree",
    "Messages",
    "States",
    "Versions",
    "Memory",
    "Record",
    "Decide",
]
FOLLOW = "Follow"


def _open(page: Page, tab: str) -> None:
    page.goto("/graphql")
    page.get_by_role("tab", name=tab).click()
    _wait_for_editor(page, tab)


def _wait_for_editor(page: Page, tab: str) -> None:
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(tab)


def _run(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Execute query")).click()


def _is_of(tab: str, response: Response) -> bool:
    return f" {tab}" in (response.request.post_data or "")


def test_it_has_each_tab(page: Page) -> None:
    page.goto("/graphql")
    expect(page).to_have_title("GraphiQL · Sessiongraph")
    for tab in (*TABS, FOLLOW):
        expect(page.get_by_role("tab", name=tab)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="Explorer")).to_have_attribute("href", "/")


def test_no_tab_is_out_of_a_phones_sight(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/graphql")
    for tab in (*TABS, FOLLOW):
        expect(page.get_by_role("tab", name=tab)).to_be_in_viewport(ratio=1)


def test_it_says_how_to_get_an_answer(page: Page) -> None:
    page.goto("/graphql")
    _wait_for_editor(page, TABS[0])
    hint = page.get_by_text("The answer comes here")
    expect(hint).to_be_visible()
    _run(page)
    expect(page.locator(".graphiql-response")).to_contain_text("nodes")
    expect(hint).to_have_count(0)


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_runs_with_what_is_in_the_store(page: Page, tab: str) -> None:
    _open(page, tab)
    with page.expect_response(lambda response: _is_of(tab, response)) as caught:
        _run(page)
    request: dict[str, Any] = json.loads(caught.value.request.post_data or "")
    for name, value in (request.get("variables") or {}).items():
        assert name in {"from", "to"} or re.fullmatch(r"[a-z_]+_[0-9a-z]{26}", value), name
    answer = caught.value.json()
    assert "errors" not in answer, answer
    assert all(found is not None for found in answer["data"].values()), answer
    expect(page.locator(".graphiql-response")).to_contain_text(next(iter(answer["data"])))


def test_a_subscription_shows_what_is_recorded_meanwhile(
    page: Page, recorder: GraphQLRecorder
) -> None:
    tree = recorder.execute(
        "{ sessions(first: 1, filter: {parent: {isNull: false}}) { nodes { root { id } } } }"
    )
    root = tree["sessions"]["nodes"][0]["root"]["id"]
    _open(page, FOLLOW)
    _run(page)
    response = page.locator(".graphiql-response")
    expect(response).to_contain_text("sessionEvents")
    recorder.say(root, "Said while somebody follows")
    expect(response).to_contain_text("Said while somebody follows")


def test_what_was_typed_is_completed(page: Page) -> None:
    page.goto("/graphql")
    expect(page.get_by_role("tab", name=TABS[0])).to_be_visible()
    page.get_by_role("button", name="New tab").click()
    page.locator(".graphiql-query-editor .monaco-editor").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("{ memor")
    page.keyboard.press("Control+Space")
    expect(page.locator(".suggest-widget")).to_contain_text("memories")


def test_nothing_can_be_clicked_before_the_editors_are_there(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/assets/editor.api*", hold)
    with page.expect_request("**/assets/editor.api*"):
        page.goto("/graphql")
    tab = page.get_by_role("tab", name=TABS[3], include_hidden=True)
    expect(tab).to_be_visible()
    with pytest.raises(Error, match="Timeout"):
        tab.click(timeout=500)
    held.pop().continue_()
    tab.click()
    _wait_for_editor(page, TABS[3])
    page.get_by_role("tab", name=TABS[0]).click()
    _wait_for_editor(page, TABS[0])


def test_a_tab_runs_the_moment_it_is_opened(page: Page) -> None:
    page.goto("/graphql")
    _wait_for_editor(page, TABS[0])
    with page.expect_response(lambda response: _is_of(TABS[1], response)) as caught:
        page.get_by_role("tab", name=TABS[1]).get_by_role("button").first.evaluate(
            """(tab) => {
                tab.click();
                document.querySelector('button.graphiql-execute-button').click();
            }"""
        )
    assert "errors" not in caught.value.json()


def test_tabs_get_ids_when_something_was_recorded(page: Page) -> None:
    """As in a store that was empty when GraphiQL was opened."""
    page.goto("/graphql")
    page.get_by_role("tab", name=TABS[1]).click()
    variables = page.locator(".graphiql-editor-tool .view-lines").first
    expect(variables).to_contain_text("session_")
    page.locator(".graphiql-editor-tool .monaco-editor").first.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type('{"session": "", "own": "kept')  # it closes what is open
    page.wait_for_function("() => sessionStorage['graphiql:variables']?.includes('kept')")
    page.reload()
    expect(variables).to_contain_text("session_")
    expect(variables).to_contain_text("kept")
    expect(page.get_by_role("tab", selected=True)).to_contain_text(TABS[1])
