"""The pages of a server that asks for a key."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Store
from tests.web.watched_page import Watch, watched

NOT_ALLOWED = r"401|WebSocket|4401|4403"
"""What the browser itself reports of a key that is not taken."""


@pytest.fixture
def watch(browser: Browser, keyed_address: str) -> Iterator[Watch]:
    with browser.new_context(base_url=keyed_address) as context:
        context.set_default_timeout(15_000)
        with watched(context, keyed_address) as made:
            context.new_page()
            yield made


@pytest.fixture
def page(watch: Watch) -> Page:
    return watch.context.pages[0]


def _type_key(page: Page, key: str) -> None:
    with page.expect_navigation():
        page.get_by_role("textbox", name="API key").fill(key)
        page.get_by_role("textbox", name="API key").press("Enter")


def _storage(page: Page) -> str:
    kept = "JSON.stringify([Object.entries(localStorage), document.cookie])"
    return str(page.evaluate(kept))


def test_a_key_is_asked_for_and_kept_for_the_tab(page: Page, watch: Watch, store: Store) -> None:
    watch.expect(NOT_ALLOWED)
    page.goto("/sessions")
    expect(page.get_by_role("alert")).to_contain_text("An API key is needed")
    expect(page.get_by_role("alert")).to_contain_text("sessiongraph keys create")
    _type_key(page, store.key)
    expect(page.locator("tbody tr").first).to_be_visible()
    assert page.evaluate("sessionStorage['sessiongraph-api-key']") == store.key
    assert store.key not in _storage(page)
    assert store.key not in page.url
    other = page.context.new_page()
    other.goto("/sessions")
    expect(other.get_by_role("alert")).to_contain_text("An API key is needed")


def test_a_wrong_key_is_said_to_be_wrong(page: Page, watch: Watch) -> None:
    watch.expect(NOT_ALLOWED)
    page.goto("/sessions")
    _type_key(page, "sg_wrong_key")
    expect(page.get_by_role("alert")).to_contain_text("The server does not know this API key")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sessions", "There is no session yet."),
        ("/agents", "There is no agent yet."),
        ("/memories", "There is no memory yet."),
    ],
)
def test_an_empty_store_says_what_to_do(
    page: Page, watch: Watch, store: Store, path: str, text: str
) -> None:
    watch.expect(NOT_ALLOWED)
    page.goto(path)
    _type_key(page, store.empty_key)
    expect(page.get_by_text(text)).to_be_visible()


def test_graphiql_takes_a_key(page: Page, watch: Watch, store: Store) -> None:
    watch.expect(NOT_ALLOWED)
    page.goto("/graphql")
    page.get_by_role("button", name="API key").click()
    expect(page.get_by_role("textbox", name="API key")).to_be_focused()
    _type_key(page, store.key)
    editor = page.locator(".graphiql-query-editor .view-lines")
    expect(editor).to_contain_text("Sessions")
    page.get_by_role("button", name=re.compile("^Execute query")).click()
    expect(page.locator(".graphiql-response")).to_contain_text("nodes")
    expect(page.locator(".graphiql-response")).not_to_contain_text("errors")
    assert store.key not in _storage(page)


def test_graphiqls_tabs_find_what_another_key_is_for(
    page: Page, watch: Watch, store: Store
) -> None:
    watch.expect(NOT_ALLOWED)
    page.goto("/graphql")
    page.get_by_role("tab", name="Tree").click()
    variables = page.locator(".graphiql-editor-tool .view-lines").first
    expect(variables).to_contain_text('"session": ""')
    page.wait_for_function("() => sessionStorage['graphiql:variables']?.includes('session')")
    for key, session in ((store.key, '"session": "session_'), (store.empty_key, '"session": ""')):
        page.get_by_role("button", name="API key").click()
        _type_key(page, key)
        expect(variables).to_contain_text(session)
        expect(page.get_by_role("tab", selected=True)).to_contain_text("Tree")
