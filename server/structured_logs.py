"""Logs: a JSON object a line, or text for people on a terminal. All go to standard error."""

import logging
import sys
from contextvars import ContextVar
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from server.settings import Settings

request_id: ContextVar[str] = ContextVar("request_id")
"""The id of the request under way, which its lines have."""


trace_id: ContextVar[str] = ContextVar("trace_id")
"""The id of the trace that the work under way is part of, where telemetry is on."""


def _add_trace_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    under_way = trace_id.get(None)
    if under_way is not None:
        event["trace_id"] = under_way
    return event


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    under_way = request_id.get(None)
    if under_way is not None:
        event["request_id"] = under_way
    return event


_SHARED: list[Processor] = [
    _add_request_id,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_processors: list[Processor] = []
"""The same list for good, since a logger that was used keeps it."""


def configure_logs(settings: Settings, stream: TextIO = sys.stderr) -> None:
    """Set up our own log and that of the libraries, alike, for the whole process."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared = [_add_trace_id, *_SHARED] if settings.telemetry else _SHARED
    last = _last_processors(stream)
    _processors[:] = [*shared, *last]
    structlog.configure(
        processors=_processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    logging.captureWarnings(capture=True)


def _last_processors(stream: TextIO) -> list[Processor]:
    if stream.isatty():
        # not the default, which prints every local variable, and takes minutes over deep ones
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_write_json),
    ]


def _write_json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
