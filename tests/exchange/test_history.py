"""What is new of a history that is sent again and again."""

import pytest

from exchange.history import History
from exchange.records import MessageRecord, ToolCallRecord, Turn
from models import MessageRole, MessageStatus


def message(told: str, trace: str | None = None) -> MessageRecord:
    """Make a message: `u:` a user's, `a:` an answer, `a!` calls that it makes, `t:` a result."""
    kind, content = told[:2], told[2:]
    if kind == "t:":
        return MessageRecord(role=MessageRole.TOOL, tool_call_id=content, content="result")
    if kind == "a!":
        calls = [ToolCallRecord(tool_name="f", tool_call_id=own_id) for own_id in content]
        return MessageRecord(role=MessageRole.ASSISTANT, tool_calls=calls)
    role = {"u:": MessageRole.USER, "a:": MessageRole.ASSISTANT, "s:": MessageRole.SYSTEM}[kind]
    return MessageRecord(role=role, content=content, trace_id=trace)


def turn(history: str, answer: str = "", trace: str | None = None) -> Turn:
    answers, sent = ([message(told, trace) for told in text.split()] for text in (answer, history))
    return Turn(answers, sent)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([("u:1", "a:1"), ("u:1 a:1 u:2", "a:2")], "u:1 a:1 u:2 a:2"),
        # the same words twice
        ([("u:yes", "a:1"), ("u:yes a:1 u:yes", "a:2")], "u:yes a:1 u:yes a:2"),
        ([("u:yes", "a:1"), ("u:yes", "a:1")], "u:yes a:1 u:yes a:1"),
        # the oldest were left out
        ([("u:1", "a:1"), ("u:1 a:1 u:2", "a:2"), ("a:2 u:3", "a:3")], "u:1 a:1 u:2 a:2 u:3 a:3"),
        # another system prompt
        ([("s:1 u:1", "a:1"), ("s:2 u:1 a:1 u:2", "a:2")], "s:1 u:1 a:1 s:2 u:2 a:2"),
        # parallel results in another order, and ids that are used again
        ([("u:1", "a!xy"), ("", "t:x"), ("", "t:y"), ("u:1 a!xy t:y t:x", "a:1")],
         "u:1 a!xy t:x t:y a:1"),
        ([("u:1", "a!x"), ("u:1 a!x t:x", "a!x"), ("u:1 a!x t:x a!x t:x", "a:1")],
         "u:1 a!x t:x a!x t:x a:1"),
    ],
)  # fmt: skip
def test_what_is_repeated_is_taken_once(turns: list[tuple[str, str]], expected: str) -> None:
    history = History()
    taken = [new for told in turns for new in history.take(turn(*told))]
    assert taken == [message(told) for told in expected.split()]


def test_a_second_model_of_a_trace_is_sent_the_same_question() -> None:
    history = History()
    history.take(turn("u:1", "a:draft", "t1"))
    assert history.take(turn("u:1", "a:final", "t1")) == [message("a:final", "t1")]
    assert len(history.take(turn("u:1", "a:other", "t2"))) == 2


def test_a_turn_that_was_told_is_known_by_its_id() -> None:
    answer = MessageRecord(role=MessageRole.ASSISTANT, content="Yes", response_id="r")
    history = History([message("u:1"), answer])
    assert history.take(Turn([answer], [message("u:1")])) == []


def test_a_failed_answer_is_no_history() -> None:
    history = History()
    failed = MessageRecord(role=MessageRole.ASSISTANT, status=MessageStatus.ERROR)
    history.take(Turn([failed], [message("u:1")]))
    assert history.take(turn("u:1", "a:1")) == [message("a:1")]


def test_messages_without_text_are_told_apart_by_their_parts() -> None:
    image = MessageRecord(role=MessageRole.USER, parts={"image": 1})
    other = MessageRecord(role=MessageRole.USER, parts={"image": 2})
    history = History([image])
    assert history.take(Turn([], [image, other])) == [other]
