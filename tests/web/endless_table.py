"""A table of which only the rows in sight are in the page."""

import re

from playwright.sync_api import Locator, Page, expect

MOST_ROWS = 60
"""That may be in the page at once, whatever the length of the table."""


def rows_of(page: Page) -> Locator:
    """The rows that are in the page."""
    return page.locator("tbody tr:not([aria-hidden])")


def scroll_to_end(page: Page) -> int:
    """Scroll until no row is left to read; give the most rows that were in the page at once."""
    table = page.get_by_role("table")
    rows = rows_of(page)
    most = rows.count()
    while table.get_attribute("aria-rowcount") == "-1":
        end = page.evaluate("document.documentElement.scrollHeight")
        page.mouse.wheel(0, end)
        page.wait_for_function(
            """(end) => document.documentElement.scrollHeight > end
                || document.querySelector('table').ariaRowCount !== '-1'""",
            arg=end,
        )
        most = max(most, rows.count())
    page.mouse.wheel(0, page.evaluate("document.documentElement.scrollHeight"))
    expect(rows.last).to_have_attribute(
        "aria-rowindex", re.compile(f"^{table.get_attribute('aria-rowcount')}$")
    )
    rows.last.scroll_into_view_if_needed()
    return max(most, rows.count())
