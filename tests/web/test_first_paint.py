"""What a browser gets when it opens a page for the first time."""

import re
from collections.abc import Callable
from time import monotonic
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect

SECONDS = 2
ATTEMPTS = 6
"""One must be that fast: the machine may do other things meanwhile."""
HASHED = re.compile(r"/assets/[\w.-]+-[\w-]{8}\.(js|css|ttf)")
SMALL_BYTES = 1024


def _seconds_until_graphiql_runs(page: Page) -> float:
    began = monotonic()
    page.goto("/graphql")
    page.get_by_role("button", name=re.compile("^Execute query")).click()
    expect(page.locator(".graphiql-response")).to_contain_text("sessions")
    return monotonic() - began


def _seconds_until_a_session_opens(page: Page) -> float:
    began = monotonic()
    page.goto("/")
    page.locator("tbody a").first.click()
    expect(page.get_by_role("tab", name="Timeline")).to_be_visible()
    return monotonic() - began


@pytest.mark.parametrize("until", [_seconds_until_graphiql_runs, _seconds_until_a_session_opens])
def test_it_is_interactive_at_once(
    browser: Browser, address: str, until: Callable[[Page], float]
) -> None:
    taken = []
    for _ in range(ATTEMPTS):
        with browser.new_context(base_url=address) as context:
            taken.append(until(context.new_page()))
        if taken[-1] < SECONDS:
            break
    assert min(taken) < SECONDS, taken


@pytest.mark.parametrize("path", ["/sessions", "/graphql"])
def test_what_it_loads_is_small_and_kept(page: Page, path: str) -> None:
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    document, *others = answers
    policy = document.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    files = [each for each in others if urlsplit(each.url).path != "/graphql"]
    assert len(files) > 1
    for file in files:
        assert HASHED.fullmatch(urlsplit(file.url).path), file.url
        assert "immutable" in file.headers["cache-control"]
        if int(file.headers["content-length"]) >= SMALL_BYTES:
            assert file.headers.get("content-encoding") == "br", file.url
    # the pages use the API that everybody has
    assert {each.request.method for each in others if each not in files} == {"POST"}


def test_without_scripts_it_says_where_the_api_is(browser: Browser, address: str) -> None:
    with browser.new_context(base_url=address, java_script_enabled=False) as context:
        page = context.new_page()
        for path in ("/", "/graphql"):
            page.goto(path)
            expect(page.locator("body")).to_contain_text(
                "needs JavaScript. The API", use_inner_text=True
            )
