"""Answers to GraphQL requests, as bytes of JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import orjson

from server.operations.errors import Limited
from server.operations.graphql_errors import FormattedError, format_errors
from server.operations.operation_record import OperationRecord
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a GraphQL request; one that was not executed has errors and no data."""

    errors: Sequence[Exception]
    executed: bool = False
    data: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


def write_answer(
    outcome: Outcome, request_id: str, record: OperationRecord, settings: Settings
) -> bytes:
    """Write an outcome as JSON, and note its errors. Raises `TypeError` for data that is none."""
    answer: dict[str, Any] = {}
    if outcome.errors:
        answer["errors"] = list_errors(outcome.errors, request_id, record, settings)
    if outcome.executed:
        answer["data"] = outcome.data
    if outcome.extensions is not None:
        answer["extensions"] = outcome.extensions
    body = dump(answer)
    if len(body) > settings.max_response_bytes and outcome.data is not None:
        too_large = _too_large(len(body), settings.max_response_bytes)
        return write_answer(Outcome([too_large], executed=True), request_id, record, settings)
    record.ended = perf_counter()
    return body


def list_errors(
    errors: Sequence[Exception], request_id: str, record: OperationRecord, settings: Settings
) -> list[FormattedError]:
    """Write errors for the client, and note them."""
    formatted = format_errors(
        errors,
        request_id,
        max_errors=settings.max_errors,
        suggest=settings.answers_introspection,
    )
    record.fail(formatted[0], len(errors))
    return formatted


def dump(value: Any) -> bytes:
    """Write JSON. Raises `TypeError` for what is none. Times end in Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def _too_large(size: int, allowed: int) -> Limited:
    return Limited(
        f"The answer has {size:,} bytes; at most {allowed:,} are allowed. Ask for less at once; "
        "what a mutation wrote is written.",
        limit="bytes of the answer",
        value=size,
        allowed=allowed,
    )
