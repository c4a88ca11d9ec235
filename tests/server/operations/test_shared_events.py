"""Events that are executed once for all who are shown them alike."""

from asyncio import Event, create_task, gather
from typing import Any

import pytest

from models import Scope
from schema import schema
from server.caller import Caller
from server.operations.answer import Outcome
from server.operations.document_cache import DocumentCache
from server.operations.shared_events import SharedEvents, viewer_of
from server.settings import Settings


class _Execution:
    """Executes when it is told to, and counts how often."""

    def __init__(self, error: Exception | None = None) -> None:
        self.count = 0
        self.has_begun = Event()
        self.may_end = Event()
        self._error = error

    async def execute(self) -> Outcome:
        self.count += 1
        number = self.count
        self.has_begun.set()
        await self.may_end.wait()
        if self._error is not None:
            raise self._error
        return Outcome([], executed=True, data={"number": number})


async def test_equal_viewers_share_what_is_under_way() -> None:
    events, execution = SharedEvents(), _Execution()
    asked = [create_task(events.show("me", {"id": 1}, execution.execute)) for _ in range(3)]
    others = [
        create_task(events.show("you", {"id": 1}, execution.execute)),
        create_task(events.show("me", {"id": 2}, execution.execute)),
    ]
    execution.may_end.set()
    outcomes = await gather(*asked, *others)
    assert [outcome.data for outcome in outcomes] == [{"number": each} for each in (1, 1, 1, 2, 3)]
    later = await events.show("me", {"id": 1}, execution.execute)
    assert later.data == {"number": 4}, "nothing is kept"


async def test_who_goes_takes_nobody_along() -> None:
    events, execution = SharedEvents(), _Execution()
    first, second = [create_task(events.show("me", {"id": 1}, execution.execute)) for _ in range(2)]
    await execution.has_begun.wait()
    first.cancel()
    execution.may_end.set()
    assert (await second).data == {"number": 1}
    assert first.cancelled()


async def test_an_error_is_everybodys() -> None:
    events, execution = SharedEvents(), _Execution(OSError("away"))
    execution.may_end.set()
    asked = [events.show("me", {"id": 1}, execution.execute) for _ in range(2)]
    assert [str(error) for error in await gather(*asked, return_exceptions=True)] == ["away"] * 2
    assert execution.count == 1


async def test_events_that_are_no_ids_are_not_shared() -> None:
    events, execution = SharedEvents(), _Execution()
    execution.may_end.set()
    await gather(*[events.show("me", 1, execution.execute) for _ in range(2)])
    assert execution.count == 2


_DOCUMENT = """
    subscription ($s: ID!, $after: BigInt, $first: Int, $deep: Boolean = false) {
      sessionEvents(session: $s, after: $after) { id session { ...F } }
    }
    fragment F on Session { messages(first: $first) @include(if: $deep) { nodes { id } } }
"""
_ME = Caller(1, frozenset({Scope.READ}), identity="a key")


@pytest.fixture(scope="module")
def documents() -> DocumentCache:
    return DocumentCache(schema._schema, Settings())


@pytest.mark.parametrize(
    ("caller", "variables", "is_same"),
    [
        (_ME, {}, True),
        (_ME, {"s": "other", "after": 7}, True),
        (_ME, {"first": 2}, False),
        (_ME, {"deep": True}, False),
        (Caller(2, _ME.scopes, identity="a key"), {}, False),
        (Caller(1, frozenset(Scope), identity="a key"), {}, False),
        (Caller(1, _ME.scopes, identity="another"), {}, False),
    ],
)
def test_who_is_shown_the_same(
    documents: DocumentCache, caller: Caller, variables: dict[str, Any], is_same: bool
) -> None:
    (operation,) = documents.prepare(_DOCUMENT).operations
    given = {"s": "s", "after": 0, "first": 1}
    mine = viewer_of(operation, _ME, given)
    assert (viewer_of(operation, caller, given | variables) == mine) is is_same


def test_another_document_is_shown_by_itself(documents: DocumentCache) -> None:
    first, second = [documents.prepare(_DOCUMENT).operations[0] for _ in range(2)]
    assert viewer_of(first, _ME, {}) != viewer_of(second, _ME, {})


def test_where_the_root_is_a_fragment_all_variables_count(documents: DocumentCache) -> None:
    document = """subscription ($after: BigInt) { ...F }
      fragment F on Subscription { sessions(after: $after) { matches } }"""
    (operation,) = documents.prepare(document).operations
    assert viewer_of(operation, _ME, {"after": 1}) != viewer_of(operation, _ME, {"after": 2})
