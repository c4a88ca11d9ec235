"""How the form of a file is found, and imports as an operator runs them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from exchange.formats.table import FORMATS, recognise
from exchange.json_lines import Line
from resolvers.errors import Invalid

_CHAT = {"session_id": "a", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (_CHAT, "chat-completions"),
        ({**_CHAT, "messages": []}, "chat-completions"),
        ({**_CHAT, "system": "Be brief."}, "anthropic-messages"),
        ({"request": {}, "response": {"type": "message"}}, "anthropic-messages"),
        ({"request": {}, "response": {"type": "error"}}, "anthropic-messages"),
        (
            {**_CHAT, "messages": [{"role": "assistant", "content": [{"type": "tool_use"}]}]},
            "anthropic-messages",
        ),
        ({"object": "response"}, "openai-responses"),
        ({"request": {}, "response": {"object": "response"}}, "openai-responses"),
        ({"session_id": "a", "items": []}, "openai-responses"),
        ({"run_type": "chain", "session_id": "a"}, "langsmith-runs"),
        ([{"run_type": "llm"}], "langsmith-runs"),
        ({"runs": [{"run_type": "llm"}]}, "langsmith-runs"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_the_first_line_tells_the_form(document: Any, expected: str) -> None:
    lines = [Line(1, json.dumps(document).encode(), 9), Line(2, b"nonsense", 18)]
    form, rest = recognise(lines)
    assert form.name == expected
    assert list(rest) == lines


@pytest.mark.parametrize("text", [b"nonsense", b"5", b"[]", b"{}", b'{"session_id": 1}', None])
def test_a_first_line_that_tells_nothing_is_refused_with_the_forms(text: bytes | None) -> None:
    with pytest.raises(Invalid) as refused:
        recognise([Line(1, text, 1)])
    assert all(name in refused.value.message for name in FORMATS)


def test_an_empty_file_has_nothing_to_take() -> None:
    _, rest = recognise([])
    assert list(rest) == []


def test_the_guide_names_each_form() -> None:
    guide = Path(__file__).parent.parent.parent.parent / "docs" / "guides" / "moving-in.md"
    assert set(FORMATS) <= set(re.findall(r"`([a-z-]+)`", guide.read_text()))
