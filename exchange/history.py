"""What is new of a conversation that is told again and again.

A model is sent the whole history with each request, and what is logged repeats it. Messages are
compared by what they say, since few have ids: role, text, and the ids of tool calls.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable
from hashlib import sha256

import orjson

from exchange.records import MessageRecord, Turn
from models import MessageRole, MessageStatus


class History:
    """The messages of a session so far."""

    def __init__(self, messages: Iterable[MessageRecord] = ()) -> None:
        self._places: dict[Hashable, list[int]] = defaultdict(list)
        self._traces: list[str | None] = []
        self._ids: set[str] = set()
        for message in messages:
            self._add(message)

    def take(self, turn: Turn) -> list[MessageRecord]:
        """Give the messages of a turn that are new, and know them from then on."""
        if any(own_id in self._ids for message in turn.messages for own_id in _ids(message)):
            return []
        new = [*self._unknown(turn), *turn.messages]
        for message in new:
            self._add(message)
        return new

    def _unknown(self, turn: Turn) -> Iterable[MessageRecord]:
        """Give what is not repeated: a repeated history comes in the order in which it was said.

        Some of it may be left out, and parallel results stand in any order.
        """
        after = after_answer = 0
        for number, message in enumerate(turn.history, 1):
            places = self._places.get(_content(message), [])
            is_result = message.role is MessageRole.TOOL and message.tool_call_id is not None
            found = bisect_left(places, after_answer if is_result else after)
            if found == len(places) or (
                number == len(turn.history) and not self._is_repeated(message, places[found])
            ):
                yield message
                continue
            after = max(after, places[found] + 1)
            if message.role is MessageRole.ASSISTANT:
                after_answer = after

    def _is_repeated(self, last: MessageRecord, place: int) -> bool:
        """Tell whether the last message sent is that at a place, or the same words said again.

        A user who says "yes" a second time has not said it before.
        """
        if last.role is not MessageRole.USER or place == len(self._traces) - 1:
            return True
        return last.trace_id is not None and last.trace_id == self._traces[place]

    def _add(self, message: MessageRecord) -> None:
        self._ids.update(_ids(message))
        if message.status == MessageStatus.ERROR and not message.content:
            return  # nobody sends that again
        self._places[_content(message)].append(len(self._traces))
        self._traces.append(message.trace_id)


def _ids(message: MessageRecord) -> list[str]:
    return [own_id for own_id in (message.response_id, message.span_id) if own_id is not None]


def _content(message: MessageRecord) -> Hashable:
    if message.tool_call_id is not None:
        return message.role, message.tool_call_id
    calls = tuple(call.tool_call_id or call.tool_name for call in message.tool_calls)
    text = (message.content or "").strip()
    if calls or text:
        return message.role, text, calls
    parts = orjson.dumps(message.parts, default=str, option=orjson.OPT_SORT_KEYS)
    return message.role, sha256(parts).digest()
