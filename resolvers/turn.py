"""Turns: what a runtime has to record when a model's turn is over, together."""

from collections.abc import Mapping, Sequence
from typing import Any

from resolvers.batch import ids_of, start_batch, tool_call_ids_of
from resolvers.batch_locks import lock_for
from resolvers.errors import DomainError, Invalid
from resolvers.identifiers import encode
from resolvers.memory_access import record_memory_access
from resolvers.message import record_message
from resolvers.module_state import record_state_transition, upsert_module_state
from resolvers.recording import Answer, Recording
from resolvers.session_metric import record_session_metric
from resolvers.validation import camel_case

MAXIMUM_ITEMS = 200


async def record_turn(
    recording: Recording,
    *,
    session: str,
    messages: Sequence[Mapping[str, Any]],
    module_states: Sequence[Mapping[str, Any]] | None = None,
    state_transitions: Sequence[Mapping[str, Any]] | None = None,
    memory_accesses: Sequence[Mapping[str, Any]] | None = None,
    session_metrics: Sequence[Mapping[str, Any]] | None = None,
) -> Answer:
    """Record a turn of a session: messages first, then the rest in the order of the arguments.

    Each item is the arguments of its recording function without the session. A memory access
    belongs to the turn's last message. Raises what the functions raise, with the item's place.
    """
    if not messages:
        raise Invalid("A turn has at least one message.", field="messages")
    await lock_for(recording, [{"session": session}, *(memory_accesses or ())])
    batch = await start_batch(recording, tool_call_ids_of(messages))

    async def run(function: Any, name: str, items: Sequence[Mapping[str, Any]] | None) -> Any:
        answers = []
        if items is not None and len(items) > MAXIMUM_ITEMS:
            raise Invalid(f"Must not hold more than {MAXIMUM_ITEMS} items.", field=camel_case(name))
        for index, item in enumerate(items or ()):
            try:
                answers.append(await function(batch, session=session, **item))
            except DomainError as error:
                if error.field == "session":
                    raise
                raise error.within(f"{camel_case(name)}.{index}") from error
        return answers

    said = await run(record_message, "messages", messages)
    last = encode("message", said[-1]["message"])
    upserted = await run(upsert_module_state, "module_states", module_states)
    moved = await run(record_state_transition, "state_transitions", state_transitions)
    accesses = [{"message": last, **access} for access in memory_accesses or ()]
    accessed = await run(record_memory_access, "memory_accesses", accesses)
    measured = await run(record_session_metric, "session_metrics", session_metrics)
    await batch.flush()
    logged = [answer for answer in upserted if answer["state_transition"] is not None]
    return {
        "session": said[0]["session"],
        "messages": ids_of(said, "message"),
        "tool_calls": ids_of(said, "tool_calls"),
        "state_transitions": ids_of([*logged, *moved], "state_transition"),
        "memory_accesses": ids_of(accessed, "memory_access"),
        "session_metrics": ids_of(measured, "session_metric"),
    }
