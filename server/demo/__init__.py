"""The sample history of `sessiongraph demo`: a month of a shop's agents.

Everything goes through the recording functions that the API uses, each tree of sessions in one
transaction with an idempotency key, so that filling a project again adds nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from resolvers.batch import start_batch
from resolvers.context import Context
from resolvers.recording import Answer, Recording
from resolvers.transaction import record
from server.demo.catalogue import AGENTS
from server.demo.history import record_agent, record_tree

_DAYS = 30
_SESSIONS_PER_TREE = 2.4
_AT_A_TIME = 4
_MOST_OPEN = 6
_LONGEST = timedelta(minutes=40)
"""No tree takes longer, so one that began this long ago has nothing in the future."""


@dataclass(frozen=True)
class DemoSummary:
    """What was recorded this time."""

    sessions: int
    trees: int

    def __str__(self) -> str:
        if not self.trees:
            return "The sample history is there already."
        return f"{self.sessions} sample sessions in {self.trees} trees recorded."


async def fill(
    context: Context,
    sessions: int = 300,
    seed: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Record a history of about so many sessions, ending now; `on_progress` hears trees done."""
    end = datetime.now(UTC).replace(microsecond=0)
    began = end - _LONGEST - timedelta(days=_DAYS)
    for agent in AGENTS:
        arguments = {"agent": agent.agent_id, "began": began}
        await _once(context, f"demo/agent/{agent.agent_id}", record_agent, arguments)
    trees = max(1, round(sessions / _SESSIONS_PER_TREE))
    still_open = min(_MOST_OPEN, trees // 4)
    slots = asyncio.Semaphore(_AT_A_TIME)
    recorded: list[int] = []

    async def run(number: int) -> None:
        to_come = trees - number
        is_open = to_come <= still_open
        apart = _LONGEST if is_open else timedelta(days=_DAYS) / trees
        arguments = {
            "number": number,
            "seed": seed,
            "latest": end - _LONGEST - apart * (to_come - 1),
            "within": apart,
            "present": end,
            "is_open": is_open,
        }
        async with slots:
            count = await _once(context, f"demo/{seed}/tree/{number}", record_tree, arguments)
        recorded.append(count)
        if on_progress is not None:
            on_progress(len(recorded), trees)

    async with asyncio.TaskGroup() as group:
        for number in range(trees):
            group.create_task(run(number))
    return DemoSummary(sum(recorded), sum(count > 0 for count in recorded))


async def _once(
    context: Context,
    key: str,
    function: Callable[..., Awaitable[Answer]],
    arguments: dict[str, Any],
) -> int:
    """Record a part of the history if it is not there; give how many sessions it added."""

    async def part(recording: Recording) -> Answer:
        batch = await start_batch(recording)
        answer = await function(batch, **arguments)
        await batch.flush()
        return answer

    # what a part holds follows from its key, but for the time that it is told at
    answer = await record(context, "demo", part, {}, key)
    return 0 if answer["replayed"] else int(answer.get("sessions", 0))
