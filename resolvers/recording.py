"""Recording: one mutation is one transaction, told once however often it is sent.

`record` runs a recording function in a transaction of its own and gives its answer: the ids and
plain values that the payload is made of. With an idempotency key the answer is stored in the same
transaction, and the same key again gives it back without writing.
"""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from random import random
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ClauseElement, Insert, Row, Table, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from models import Base, IdempotencyKey
from resolvers.context import Context
from resolvers.errors import Conflict, Invalid
from resolvers.identifiers import table_of
from resolvers.loaders import by_id
from resolvers.validation import camel_case, check_name, check_values

Answer = dict[str, Any]
"""Ids and plain values of a payload, by field: UUIDs, lists of UUIDs, booleans, numbers."""

_RETRIED = {"40001", "40P01"}  # serialization_failure, deadlock_detected
_ATTEMPTS = 5
_UUID_LENGTH = 36


@dataclass
class Recording:
    """A transaction that records in one project."""

    connection: AsyncConnection
    project_id: int
    written: list[tuple[type[Any], Row[Any]]] = field(default_factory=list)

    async def insert(self, model: type[Any], **values: Any) -> Row[Any]:
        """Insert a row and give it whole. Raises `Invalid` for values that cannot be stored.

        None is left out, so the column's default holds.
        """
        return (await self.insert_many(model, [values]))[0]

    async def insert_many(
        self, model: type[Any], rows: Sequence[Mapping[str, Any]], path: str = "", *, key: str = ""
    ) -> Sequence[Row[Any]]:
        """Insert rows by one statement and give them whole, in order.

        `path` leads to the list of rows in the input, for errors. With `key`, the columns of a
        unique constraint by comma, rows that are there already are left out of the answer.
        """
        table = table_of(model)
        for index, row in enumerate(rows):
            check_values(table, row, f"{path}.{index}." if path else "")
        complete = [
            {**row, "project_id": self.project_id, "id": row.get("id") or uuid7()} for row in rows
        ]
        statement: Insert = _insert(table, key)
        found: list[Row[Any]] = []
        for group in _alike(table, complete):
            parameters = group if len(group) > 1 else group[0]
            found.extend(await self.connection.execute(statement, parameters))
        order = {row["id"]: place for place, row in enumerate(complete)}
        written = sorted(found, key=lambda row: order[row.id])
        self.written.extend((model, row) for row in written)
        return written

    async def change(self, model: type[Any], row_id: UUID, **values: Any) -> Row[Any]:
        """Change columns of a row and give it whole; None sets null."""
        table = table_of(model)
        given = {name: value for name, value in values.items() if not _is_expression(value)}
        check_values(table, given, is_change=True)
        columns = table.c
        found = await self.connection.execute(
            update(table)
            .where(columns.project_id == self.project_id, columns.id == row_id)
            .values(values)
            .returning(table)
        )
        row: Row[Any] = found.one()
        self.written.append((model, row))
        return row


def _is_expression(value: Any) -> bool:
    return isinstance(value, ClauseElement)


def _alike(table: Table, rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group rows that leave the same columns to their defaults: a statement inserts one group."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows:
        given = {name for name, value in row.items() if value is not None}
        required = frozenset(name for name in given if not table.c[name].nullable)
        groups.setdefault(required, []).append(row)
    alike = []
    for required, group in groups.items():
        columns = _columns(table, group, required)
        alike.append([{name: row.get(name) for name in columns} for row in group])
    return alike


def _columns(table: Table, rows: Sequence[dict[str, Any]], required: frozenset[str]) -> list[str]:
    given = {name for row in rows for name, value in row.items() if value is not None}
    return [
        column.name
        for column in table.c
        if column.name in required or (column.nullable and column.name in given)
    ]


@lru_cache(256)
def _insert(table: Table, key: str) -> Insert:
    if not key:
        return insert(table).returning(table)
    statement = postgresql.insert(table)
    return statement.on_conflict_do_nothing(
        index_elements=[table.c.project_id, *(table.c[name] for name in key.split(","))]
    ).returning(table)


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
            raise _domain_error(error) from error
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
    if isinstance(value, str) and len(value) == _UUID_LENGTH:
        return UUID(value)
    return value


def digest(value: Mapping[str, Any]) -> bytes:
    """Hash an input: SHA-256 of it as compact JSON with sorted keys. Raises `Invalid`."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Invalid("A JSON value is nested too deep, or is no JSON.") from error
    return sha256(text).digest()


def _sqlstate(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _domain_error(error: IntegrityError) -> Invalid | Conflict:
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
