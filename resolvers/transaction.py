"""One mutation is one transaction, told once however often it is sent.

`record` runs a recording function in a transaction of its own and gives its answer: the ids and
plain values that the payload is made of. With an idempotency key the answer is stored in the same
transaction, and the same key again gives it back without writing.
"""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import random
from typing import Any
from uuid import UUID

import orjson
from asyncpg import DivisionByZeroError, IntegrityConstraintViolationError, PostgresError
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql

from models import Base, IdempotencyKey
from models.base import write_json
from resolvers.batch_loading import PROJECT
from resolvers.compiled_statement import compile_statement
from resolvers.context import Context
from resolvers.database_transaction import ConnectionLostError, DatabaseTransaction
from resolvers.errors import Conflict, DomainError, Invalid
from resolvers.identifiers import table_of
from resolvers.kept_rows import NotKnownYetError, known
from resolvers.parameter import parameter
from resolvers.recording import Answer, Recording, digest
from resolvers.validation import camel_case, check_name

_RETRIED = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_ATTEMPTS = 5
_UUID_LENGTH = 36
_UUID_HYPHENS = 4


class _AssumptionError(Exception):
    """It went wrong before the database had told what there is."""


async def record(
    context: Context,
    mutation: str,
    function: Callable[..., Awaitable[Answer]],
    arguments: Mapping[str, Any],
    idempotency_key: str | None = None,
) -> Answer:
    """Run `function(recording, **arguments)` in a transaction and give its answer.

    The answer has a further value, `replayed`: whether an earlier call with this key made it.
    What goes wrong while rows are changed unread is run again with each row read first, which
    tells what is wrong. Serialization failures and deadlocks are run again; a connection that
    broke is not guessed about, unless the call has a key. Raises what the function raises,
    `Conflict` for a key that was used with another input, and `Invalid` or `Conflict` where a
    constraint refuses.
    """
    if idempotency_key is not None:
        check_name(idempotency_key, "idempotencyKey")
    attempt = 0
    reads_first = False
    while True:
        attempt += 1
        try:
            async with DatabaseTransaction(context.engine) as transaction:
                recording = Recording(transaction, context.project_id, reads_first)
                answer = await _attempt(recording, mutation, function, arguments, idempotency_key)
            break
        except _AssumptionError:
            reads_first = True
        except IntegrityConstraintViolationError as error:
            raise domain_error(error) from error
        except (PostgresError, ConnectionLostError) as error:
            is_lost = isinstance(error, ConnectionLostError)
            again = idempotency_key is not None if is_lost else _sqlstate(error) in _RETRIED
            if not again or attempt >= _ATTEMPTS:
                raise
            await sleep(random() * 0.02 * 2**attempt)  # noqa: S311  spreads the retries
    context.changes.tell(recording.topics)
    context.forget()
    for (table, _), kept in recording.written.items():
        context.remember(table, kept.row)
    return answer


async def _attempt(
    recording: Recording,
    mutation: str,
    function: Callable[..., Awaitable[Answer]],
    arguments: Mapping[str, Any],
    idempotency_key: str | None,
) -> Answer:
    if idempotency_key is not None:
        earlier = await _claim(recording, mutation, arguments, idempotency_key)
        if earlier is not None:
            return earlier | {"replayed": True}
    elif recording.reads_first:
        await recording.begin()
    try:
        answer = await function(recording, **arguments)
        await recording.flush(is_last=idempotency_key is None)
    except (
        NotKnownYetError,
        DomainError,
        IntegrityConstraintViolationError,
        DivisionByZeroError,
    ) as error:
        has_assumed = recording.has_assumed or isinstance(error, NotKnownYetError)
        if recording.reads_first or not has_assumed:
            raise
        raise _AssumptionError from error
    if recording.moment is not None:
        answer = {name: known(value, recording.moment) for name, value in answer.items()}
        recording.topics = known(recording.topics, recording.moment)
    if idempotency_key is not None:
        given = {"project": recording.project_id, "own_key": idempotency_key}
        await recording.transaction.fetch(_KEEP_ANSWER, {**given, "given": write_json(answer)})
    return answer | {"replayed": False}


_KEYS = table_of(IdempotencyKey)
_THE_KEY = (
    _KEYS.c.project_id == PROJECT,
    _KEYS.c.key == parameter(_KEYS.c.key, "own_key"),
)
_CLAIM = compile_statement(
    postgresql.insert(_KEYS)
    .values(
        {name: parameter(_KEYS.c[name]) for name in ("project_id", "key", "mutation", "input_hash")}
    )
    .on_conflict_do_nothing()
    .returning(func.now())
)
_FIND_CLAIM = compile_statement(select(_KEYS.c.input_hash, _KEYS.c.answer).where(*_THE_KEY))
_KEEP_ANSWER = compile_statement(
    update(_KEYS).where(*_THE_KEY).values(answer=parameter(_KEYS.c.answer, "given"))
)


async def _claim(
    recording: Recording, mutation: str, arguments: Mapping[str, Any], key: str
) -> Answer | None:
    """Claim a key for this transaction; give the first answer if another had it."""
    input_hash = digest({"mutation": mutation, **arguments})
    transaction, project_id = recording.transaction, recording.project_id
    await transaction.begin()
    values = {"project_id": project_id, "key": key, "mutation": mutation, "input_hash": input_hash}
    found: list[Sequence[Any]] = []
    while not found:  # one that is old may be deleted between the two
        claimed = await transaction.fetch(_CLAIM, values)
        if claimed:
            recording.moment = claimed[0][0]
            return None
        found = await transaction.fetch(_FIND_CLAIM, {"project": project_id, "own_key": key})
    ((first_hash, answer_text),) = found
    if first_hash != input_hash:
        raise Conflict(
            "This key was used with another input; use a new key for a new request.",
            field="idempotencyKey",
        )
    answer: Answer = orjson.loads(answer_text)
    return {name: _read_answer(value) for name, value in answer.items()}


def _read_answer(value: Any) -> Any:
    if isinstance(value, list):
        return [_read_answer(item) for item in value]
    if isinstance(value, str) and len(value) == _UUID_LENGTH and value.count("-") == _UUID_HYPHENS:
        return UUID(value)
    return value


def _sqlstate(error: BaseException) -> str | None:
    state: str | None = getattr(error, "sqlstate", None)
    return state


def domain_error(error: IntegrityConstraintViolationError) -> Invalid | Conflict:
    """Say what a constraint refused, by its name (`ck_sessions__quality_score`)."""
    name = error.constraint_name or ""
    kind, _, rest = name.partition("_")
    if kind == "ck":
        field_name = camel_case(rest.partition("__")[2])
        return Invalid("Out of range; see the field's description.", field=field_name)
    if kind not in {"fk", "uq", "pk"}:
        return Invalid("A value that must be given is missing.")
    table = Base.metadata.tables[str(error.table_name)]
    unique = next((item for item in table.constraints if item.name == name), None)
    columns = [column.name for column in getattr(unique, "columns", ())]
    last = camel_case(columns[-1]) if columns else None
    if kind == "fk":
        return Conflict("The object that this refers to was deleted.", field=last)
    return Conflict("There is one already; give another.", field=last)
