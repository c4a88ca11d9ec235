"""One mutation is one transaction, told once however often it is sent.

`record` runs a recording function in a transaction of its own and gives its answer: the ids and
plain values that the payload is made of. With an idempotency key the answer is stored in the same
transaction, and the same key again gives it back without writing.
"""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from random import random
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError

from models import Base, IdempotencyKey
from resolvers.context import Context
from resolvers.errors import Conflict, Invalid
from resolvers.identifiers import table_of
from resolvers.loaders import by_id
from resolvers.recording import Answer, Recording, digest
from resolvers.validation import camel_case, check_name

_RETRIED = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_ATTEMPTS = 5
_UUID_LENGTH = 36
_UUID_HYPHENS = 4


async def record(
    context: Context,
    mutation: str,
    function: Callable[..., Awaitable[Answer]],
    arguments: Mapping[str, Any],
    idempotency_key: str | None = None,
) -> Answer:
    """Run `function(recording, **arguments)` in a transaction and give its answer.

    The answer has a further value, `replayed`: whether an earlier call with this key made it.
    Serialization failures and deadlocks are run again; a connection that broke is not guessed
    about, unless the call has a key. Raises what the function raises, `Conflict` for a key that
    was used with another input, and `Invalid` or `Conflict` where a constraint refuses.
    """
    if idempotency_key is not None:
        check_name(idempotency_key, "idempotencyKey")
    attempt = 0
    while True:
        attempt += 1
        try:
            return await _attempt(context, mutation, function, arguments, idempotency_key)
        except IntegrityError as error:
            raise domain_error(error) from error
        except DBAPIError as error:
            again = _sqlstate(error) in _RETRIED or (
                error.connection_invalidated and idempotency_key is not None
            )
            if not again or attempt == _ATTEMPTS:
                raise
            await sleep(random() * 0.02 * 2**attempt)  # noqa: S311  spreads the retries


async def _attempt(
    context: Context,
    mutation: str,
    function: Callable[..., Awaitable[Answer]],
    arguments: Mapping[str, Any],
    idempotency_key: str | None,
) -> Answer:
    async with context.engine.begin() as connection:
        recording = Recording(connection, context.project_id)
        if idempotency_key is not None:
            earlier = await _claim(recording, mutation, arguments, idempotency_key)
            if earlier is not None:
                context.forget()
                return earlier | {"replayed": True}
        answer = await function(recording, **arguments)
        if idempotency_key is not None:
            table = table_of(IdempotencyKey)
            await connection.execute(
                update(table)
                .where(table.c.project_id == context.project_id, table.c.key == idempotency_key)
                .values(answer=answer)
            )
    context.forget()
    latest = {(model, row.id): row for model, row in recording.written}
    for (model, _), row in latest.items():
        context.remember(by_id(model), row)
    return answer | {"replayed": False}


async def _claim(
    recording: Recording, mutation: str, arguments: Mapping[str, Any], key: str
) -> Answer | None:
    """Claim a key for this transaction; give the first answer if another had it."""
    table = table_of(IdempotencyKey)
    input_hash = digest({"mutation": mutation, **arguments})
    claimed = await recording.connection.execute(
        postgresql.insert(table)
        .values(project_id=recording.project_id, key=key, mutation=mutation, input_hash=input_hash)
        .on_conflict_do_nothing()
    )
    if claimed.rowcount:
        return None
    found = await recording.connection.execute(
        select(table.c.input_hash, table.c.answer).where(
            table.c.project_id == recording.project_id, table.c.key == key
        )
    )
    row = found.one()
    if row.input_hash != input_hash:
        raise Conflict(
            "This key was used with another input; use a new key for a new request.",
            field="idempotencyKey",
        )
    answer: Answer = orjson.loads(row.answer)
    return {name: _read_answer(value) for name, value in answer.items()}


def _read_answer(value: Any) -> Any:
    if isinstance(value, list):
        return [_read_answer(item) for item in value]
    if isinstance(value, str) and len(value) == _UUID_LENGTH and value.count("-") == _UUID_HYPHENS:
        return UUID(value)
    return value


def _sqlstate(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def domain_error(error: IntegrityError) -> Invalid | Conflict:
    """Say what a constraint refused, by its name (`ck_sessions__quality_score`)."""
    cause = getattr(error.orig, "__cause__", None)
    name = str(getattr(cause, "constraint_name", None) or "")
    kind, _, rest = name.partition("_")
    if kind == "ck":
        field_name = camel_case(rest.partition("__")[2])
        return Invalid("Out of range; see the field's description.", field=field_name)
    if kind not in {"fk", "uq", "pk"}:
        return Invalid("A value that must be given is missing.")
    table = Base.metadata.tables[str(getattr(cause, "table_name", None))]
    unique = next((item for item in table.constraints if item.name == name), None)
    columns = [column.name for column in getattr(unique, "columns", ())]
    last = camel_case(columns[-1]) if columns else None
    if kind == "fk":
        return Conflict("The object that this refers to was deleted.", field=last)
    return Conflict("There is one already; give another.", field=last)
