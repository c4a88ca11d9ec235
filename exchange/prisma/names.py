"""The names of the source's tables and columns: Prisma's own, in snake_case, or as a file says.

The file is JSON or TOML. It names, for each model, its `table` (`@@map`) and its `columns` by field
(`@map`); what it leaves out has the usual names::

    {"AgentSession": {"table": "agent_sessions", "columns": {"sessionId": "external_id"}}}
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from exchange.prisma.errors import SourceError
from exchange.prisma.source_tables import TABLE_OF_MODEL


@dataclass(frozen=True)
class Names:
    """What a mapping file says, by model: the table, and the columns by field."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def find_table(self, model: str, there: Iterable[str]) -> str | None:
        """Give the name of a model's table among those that are there. Raises `SourceError`."""
        names = set(there)
        told = self.tables.get(model)
        if told is not None:
            if told not in names:
                raise SourceError(f"The mapping names the table {told}, which is not there.")
            return told
        # MySQL on Windows and macOS has its tables in lower case
        spellings = (model, snake_case(model), f"{snake_case(model)}s", model.lower())
        return next((name for name in spellings if name in names), None)

    def find_columns(self, model: str, there: Iterable[str]) -> dict[str, str]:
        """Give each column that is there with the field that it holds. Raises `SourceError`.

        A column of no field that is known stands for itself.
        """
        names = list(there)
        told = dict(self.columns.get(model, {}))
        for column in told.values():
            if column not in names:
                raise SourceError(f"The mapping names the column {model}.{column}, not there.")
        for name in TABLE_OF_MODEL[model].columns:
            if name not in told:
                spelled = next((each for each in (name, snake_case(name)) if each in names), None)
                if spelled is not None and spelled not in told.values():
                    told[name] = spelled
        fields = {column: name for name, column in told.items()}
        return {column: fields.get(column, column) for column in names}


def snake_case(name: str) -> str:
    """Spell a name in snake_case: `sessionId` is `session_id`, `AI_Agent` is `ai_agent`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def read_names(path: Path) -> Names:
    """Read a mapping file. Raises `SourceError`, and `OSError` if it cannot be read."""
    content = path.read_bytes()
    try:
        told: Any
        told = tomllib.loads(content.decode()) if path.suffix == ".toml" else orjson.loads(content)
    except ValueError as error:
        raise SourceError(f"The mapping {path} is neither JSON nor, as .toml, TOML.") from error
    if not isinstance(told, dict):
        raise SourceError(f"The mapping {path} must be an object of models.")
    for model, names in told.items():
        if model not in TABLE_OF_MODEL:
            known = ", ".join(TABLE_OF_MODEL)
            raise SourceError(f"The mapping names the model {model}; known are {known}.")
        if not _is_mapping(names):
            raise SourceError(
                f"The mapping of {model} must be an object of `table`, a name, and `columns`, an "
                "object of names by field."
            )
    return Names(
        {model: names["table"] for model, names in told.items() if "table" in names},
        {model: names.get("columns", {}) for model, names in told.items()},
    )


def _is_mapping(names: Any) -> bool:
    if not isinstance(names, dict) or not names.keys() <= {"table", "columns"}:
        return False
    columns = names.get("columns", {})
    return (
        isinstance(names.get("table", ""), str)
        and isinstance(columns, dict)
        and all(isinstance(column, str) for column in columns.values())
    )
