"""Batches: many records in one transaction, written together."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import IntegrityConstraintViolationError

from resolvers.agent import create_agent, update_agent
from resolvers.agent_metric import record_agent_metric
from resolvers.agent_version import activate_agent_version, create_agent_version
from resolvers.batch_locks import lock_for
from resolvers.confirmation import clear_confirmation, decide_confirmation, request_confirmation
from resolvers.errors import DomainError, Invalid
from resolvers.identifiers import TABLES, encode
from resolvers.memory import create_memory, update_memory
from resolvers.memory_access import record_memory_access
from resolvers.memory_annotation import apply_memory_annotation, create_memory_annotation
from resolvers.message import record_message
from resolvers.module_state import record_state_transition, upsert_module_state
from resolvers.pace import Pace
from resolvers.recording import Answer, ItemKeys, Recording
from resolvers.session import create_session, end_session, update_session
from resolvers.session_event import create_session_event
from resolvers.session_item import item_keys_of, put_session_item
from resolvers.session_metric import record_session_metric
from resolvers.tool_call import record_tool_call_result
from resolvers.transaction import domain_error
from resolvers.validation import camel_case, check_name

MAXIMUM_RECORDS = 1_000

BATCHED: dict[str, Callable[..., Awaitable[Answer]]] = {
    function.__name__: function
    for function in (
        create_session,
        update_session,
        end_session,
        record_message,
        record_tool_call_result,
        request_confirmation,
        decide_confirmation,
        clear_confirmation,
        upsert_module_state,
        record_state_transition,
        create_session_event,
        record_session_metric,
        put_session_item,
        create_agent,
        update_agent,
        create_agent_version,
        activate_agent_version,
        record_agent_metric,
        create_memory,
        update_memory,
        record_memory_access,
        create_memory_annotation,
        apply_memory_annotation,
    )
}
"""The recording functions that a batch can run, by name."""


async def record_batch(
    recording: Recording, *, records: Sequence[Mapping[str, Any]], partial: bool = False
) -> Answer:
    """Run records in order. Each is the arguments of one function of `BATCHED`, by its name.

    Besides, a record may have a `reference`: later records name by it what it recorded, and its
    tool calls as `reference.toolCalls.0`. All are recorded or none; with `partial`, those that can
    be, and the answer tells the errors of the others. Raises what the functions raise, with the
    place of the record.
    """
    if not 1 <= len(records) <= MAXIMUM_RECORDS:
        raise Invalid(f"Give 1 to {MAXIMUM_RECORDS} records.", field="records")
    told = _read(records)
    await lock_for(recording, [record.values for record in told])
    try:
        async with recording.transaction.savepoint():
            batch = await start_batch(recording, _tool_call_ids(told), _item_keys(told))
            results = []
            pace = Pace()
            for record in told:
                results.append(await _run(batch, record))
                await pace.keep()
            await batch.flush()
    except IntegrityConstraintViolationError:
        pass  # which record it was shows only one by one
    except DomainError:
        if not partial:
            raise
    else:
        return {"results": results}
    return {"results": await _run_one_by_one(recording, told, partial=partial)}


async def start_batch(
    recording: Recording,
    tool_call_ids: frozenset[str] = frozenset(),
    item_keys: Mapping[str, ItemKeys] | None = None,
) -> Recording:
    """Begin to keep what is recorded; the caller flushes it.

    `tool_call_ids` are the runtime's ids of calls that will be asked for, `item_keys` the keys of
    items by what names their session: to read them at once.
    """
    if recording.moment is None:
        await recording.begin()
    return Recording(
        recording.transaction,
        recording.project_id,
        reads_first=True,
        moment=recording.moment,
        tool_call_ids=tool_call_ids,
        item_keys=item_keys or {},
        topics=recording.topics,
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """What to record: the name of a function and its arguments; `place` is for errors."""

    place: str
    reference: str | None
    function: str
    values: dict[str, Any]


def _read(records: Sequence[Mapping[str, Any]]) -> list[_Record]:
    told: list[_Record] = []
    references = set()
    for index, record in enumerate(records):
        place = f"records.{index}"
        given = {name: values for name, values in record.items() if values is not None}
        reference = given.pop("reference", None)
        if len(given) != 1:
            raise Invalid("Give one thing to record in each record.", field=place)
        ((function, arguments),) = given.items()
        within = f"{place}.{camel_case(function)}"
        values = dict(arguments)
        if values.pop("idempotency_key", None) is not None:
            field = f"{within}.idempotencyKey"
            raise Invalid("Give the key for the whole batch, as its own.", field=field)
        if reference is not None:
            check_name(reference, f"{place}.reference")
            if reference in references:
                raise Invalid("Another record has this reference.", field=f"{place}.reference")
            references.add(reference)
        told.append(_Record(within, reference, function, values))
    return told


def _tool_call_ids(records: Sequence[_Record]) -> frozenset[str]:
    """Give the runtime's ids of the calls in a batch."""
    name = record_message.__name__
    return tool_call_ids_of([record.values for record in records if record.function == name])


def _item_keys(records: Sequence[_Record]) -> Mapping[str, ItemKeys]:
    """Give the keys of the items in a batch, by what names their session."""
    name = put_session_item.__name__
    return item_keys_of([record.values for record in records if record.function == name])


def tool_call_ids_of(messages: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Give the runtime's ids of the calls that messages make or answer."""
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    named = [item.get("tool_call_id") for item in (*messages, *calls)]
    return frozenset(own_id for own_id in named if own_id is not None)


async def _run(recording: Recording, record: _Record) -> dict[str, Any]:
    try:
        answer = await BATCHED[record.function](recording, **record.values)
    except DomainError as error:
        raise error.within(record.place) from error
    prefix, value = next(iter(answer.items()))
    own_id = encode(prefix, value)
    reference = record.reference
    if reference is not None:
        recording.names[reference] = own_id
        for name, ids in answer.items():
            if isinstance(ids, list) and name[:-1] in TABLES:
                for position, inner in enumerate(ids):
                    inner_name = f"{reference}.{camel_case(name)}.{position}"
                    recording.names[inner_name] = encode(name[:-1], inner)
    return {"reference": reference, "id": own_id, "error": None}


async def _run_one_by_one(
    recording: Recording, records: Sequence[_Record], *, partial: bool
) -> list[dict[str, Any]]:
    names: dict[str, str] = {}
    results: list[dict[str, Any]] = []
    for record in records:
        try:
            async with recording.transaction.savepoint():
                alone = await start_batch(recording)
                alone.names = names
                result = await _run(alone, record)
                await alone.flush()
            results.append(result)
        except (DomainError, IntegrityConstraintViolationError) as error:
            told = (
                domain_error(error).within(record.place)
                if isinstance(error, IntegrityConstraintViolationError)
                else error
            )
            if not partial:
                raise told from error
            values = {"code": told.code, "message": told.message, "field": told.field}
            results.append({"reference": record.reference, "id": None, "error": values})
    return results


def ids_of(answers: Sequence[Answer], name: str) -> list[UUID]:
    """Give the ids that answers have under a name, lists of ids joined."""
    ids: list[UUID] = []
    for answer in answers:
        value = answer[name]
        ids.extend(value if isinstance(value, list) else [value])
    return ids
