"""The pictures of the README and the guides, and the command that takes them."""

import re

import pytest
from playwright.sync_api import Page

from tests.web.graphql_recorder import GraphQLRecorder
from tests.web.pictures import FOLDER, PICTURES, SCHEMES, open_picture, take

ROOT = FOLDER.parent.parent
MOST_BYTES = 1_500_000
"""Of all pictures, which everybody clones."""


@pytest.mark.parametrize("name", PICTURES)
def test_what_a_picture_shows_is_there(page: Page, recorder: GraphQLRecorder, name: str) -> None:
    open_picture(page, name, recorder)


def test_a_picture_is_webp(page: Page, recorder: GraphQLRecorder) -> None:
    open_picture(page, "sessions", recorder)
    picture = take(page)
    assert (picture[:4], picture[8:12]) == (b"RIFF", b"WEBP")


def test_the_pictures_are_those_of_the_command_and_small() -> None:
    taken = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(taken) == {f"{name}-{scheme}.webp" for name in PICTURES for scheme in SCHEMES}
    assert sum(taken.values()) < MOST_BYTES


def test_every_picture_is_shown_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {
        (page.parent / target).resolve()
        for page in pages
        for target in re.findall(r'(?:src|srcset)="([^"]+\.webp)"', page.read_text())
    }
    assert shown == set(FOLDER.iterdir())
