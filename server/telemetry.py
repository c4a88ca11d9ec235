"""Traces by OpenTelemetry, for those who want them: nothing of it is imported for others."""

from importlib import import_module
from types import ModuleType

from server.operator_error import OperatorError
from server.settings import Settings


def open_tracing(settings: Settings) -> ModuleType | None:
    """Give the module that traces, or None where telemetry is off. Raises `OperatorError`."""
    if not settings.telemetry:
        return None
    try:
        return import_module("server.tracing")
    except ModuleNotFoundError as error:
        raise OperatorError(
            "SESSIONGRAPH_TELEMETRY needs more packages: pip install 'sessiongraph[telemetry]'."
        ) from error
