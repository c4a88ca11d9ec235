"""TypeIDs."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Message
from resolvers.errors import Invalid
from resolvers.identifiers import TABLES, decode, decode_as, encode, table_of

KNOWN = "session_01h455vb4pex5vsknk084sn02q"


@given(st.sampled_from(sorted(TABLES)), st.uuids())
def test_an_id_is_read_as_it_was_written(prefix: str, value: UUID) -> None:
    assert decode(encode(prefix, value)) == (prefix, value)


def test_the_example_of_the_specification() -> None:
    value = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert encode("session", value) == KNOWN


@pytest.mark.parametrize(
    "spelling",
    [
        KNOWN.upper(),
        KNOWN.replace("session", "Session"),
        KNOWN + " ",
        KNOWN[:-1],
        KNOWN + "0",
        KNOWN.replace("0", "o"),
        KNOWN.replace("_01", "_81"),
        KNOWN.replace("_", "-"),
        KNOWN.replace("session", "nothing"),
        KNOWN.removeprefix("session_"),
        "session_ü1h455vb4pex5vsknk084sn02q",
        "",
        "_",
    ],
)
def test_there_is_no_second_spelling(spelling: str) -> None:
    assert decode(spelling) is None


@given(st.text(max_size=40))
def test_no_text_makes_it_fail(given_text: str) -> None:
    decoded = decode(given_text)
    assert decoded is None or encode(*decoded) == given_text


def test_another_nouns_id_is_named() -> None:
    with pytest.raises(
        Invalid, match="This is the id of a session; give a `message_…` id"
    ) as error:
        decode_as(table_of(Message), KNOWN, "message")
    assert error.value.field == "message"
