"""Databases as the predecessors have them: tables as Prisma's migrations make them, but for the
foreign keys, so that rows can be odd."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from exchange.prisma.import_source import Report, import_source
from exchange.prisma.names import Names
from exchange.prisma.survey import Survey
from resolvers.context import Context

_TYPES = {
    "sqlite": {
        "text": "TEXT",
        "time": "DATETIME",
        "json": "JSONB",
        "boolean": "BOOLEAN",
        "number": "REAL",
        "integer": "INTEGER",
        "list": "JSONB",
    },
    "postgresql": {
        "text": "TEXT",
        "time": "TIMESTAMP(3)",
        "json": "JSONB",
        "boolean": "BOOLEAN",
        "number": "DOUBLE PRECISION",
        "integer": "INTEGER",
        "list": "TEXT[]",
    },
    "mysql": {
        "text": "LONGTEXT",
        "time": "DATETIME(3)",
        "json": "JSON",
        "boolean": "BOOLEAN",
        "number": "DOUBLE",
        "integer": "INTEGER",
        "list": "JSON",
    },
}

ADAPTER = {
    "Session": "createdAt:time updatedAt:time active:boolean metadata:json",
    "Message": "sessionId role content timestamp:time responseType metadata:json",
    "ToolCall": "messageId toolName arguments:json result:json timestamp:time",
    "PendingConfirmation": "sessionId toolName arguments:json userMessage timestamp:time",
}
ENHANCED = {
    "User": "email createdAt:time",
    "AI_Agent": "name description capabilities:list configuration:json systemPrompt userId"
    " lastActiveAt:time totalSessions:integer successRate:number createdAt:time updatedAt:time",
    "AgentVersion": "agentId versionNumber changes:json createdById isActive:boolean"
    " activatedAt:time deactivatedAt:time performance:json createdAt:time",
    "AgentMetric": "agentId metricType metricValue:number timestamp:time timeframe metadata:json",
    "AgentSession": "sessionId userId agentId status context:json sessionPurpose businessContext"
    " sessionTags:list qualityScore:number userSatisfaction:number learningOutcomes:json"
    " sessionSource parentSessionId startedAt:time endedAt:time createdAt:time updatedAt:time",
    "SessionMetric": "sessionId metricType metricValue:number timestamp:time metadata:json",
    "SessionEvent": "sessionId eventType eventData:json timestamp:time sequence:integer"
    " duration:integer",
    "ModuleState": "moduleId state:json version sessionId previousStateId stateType stateHash"
    " isSnapshot:boolean snapshotReason expiresAt:time createdAt:time updatedAt:time",
    "StateTransition": "stateId triggerId triggerType transitionData:json previousValues:json"
    " newValues:json createdAt:time",
    "InteractionMemory": "userId agentId sessionId type memoryType content:json importance:number"
    " confidence:number lastAccessedAt:time accessCount:integer sourceType verificationStatus"
    " relatedMemories:json expiresAt:time createdAt:time updatedAt:time",
    "MemoryAccess": "memoryId accessType accessedBy accessorType context usefulness:number"
    " createdAt:time",
    "MemoryAnnotation": "memoryId annotationType content createdById isApplied:boolean"
    " appliedAt:time createdAt:time",
}
BOTH = {**ADAPTER, **ENHANCED}


class Source:
    """A source that can be written to; `url` is as Prisma spells it."""

    def __init__(self, url: str, driver_url: str) -> None:
        self.url = url
        self.engine = create_async_engine(driver_url)
        self.dialect = self.engine.dialect.name

    async def make(self, tables: Mapping[str, str]) -> None:
        """Make tables, each by its columns: `name` or `name:type`."""
        types = _TYPES[self.dialect]
        for name, columns in tables.items():
            told = [column.partition(":") for column in columns.split()]
            typed = [f"{self.quote(each)} {types[kind or 'text']}" for each, _, kind in told]
            id_type = "VARCHAR(191)" if self.dialect == "mysql" else "TEXT"
            key = f"{self.quote('id')} {id_type} NOT NULL PRIMARY KEY"
            await self.run(f"CREATE TABLE {self.quote(name)} ({', '.join([key, *typed])})")

    def quote(self, name: str) -> str:
        return f"`{name}`" if self.dialect == "mysql" else f'"{name}"'

    async def run(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.exec_driver_sql(statement)

    async def add(self, table: str, *rows: dict[str, Any]) -> None:
        """Add rows; dicts are written as JSON, and lists where the database has no lists."""
        async with self.engine.begin() as connection:
            for row in rows:
                names = ", ".join(self.quote(name) for name in row)
                marks = ", ".join(self._mark(name, value) for name, value in row.items())
                values = {name: self._written(value) for name, value in row.items()}
                await connection.execute(
                    text(f"INSERT INTO {self.quote(table)} ({names}) VALUES ({marks})"), values
                )

    def _mark(self, name: str, value: Any) -> str:
        if self.dialect == "postgresql" and isinstance(value, (dict, Json)):
            return f"CAST(CAST(:{name} AS text) AS jsonb)"
        if self.dialect == "postgresql" and name.endswith(("At", "timestamp")):
            return f"CAST(CAST(:{name} AS text) AS timestamp)"
        return f":{name}"

    def _written(self, value: Any) -> Any:
        if isinstance(value, Json):
            return value.text
        if isinstance(value, dict) or (isinstance(value, list) and self.dialect != "postgresql"):
            return json.dumps(value)
        return value


class Json:
    """A JSON value to the letter."""

    def __init__(self, letters: str) -> None:
        self.text = letters


class Silent:
    """Watches an import and says nothing."""

    survey: Survey

    def found(self, survey: Survey) -> None:
        self.survey = survey

    def begin(self, _stage: str, _rows: int) -> Any:
        return lambda _more: None


async def take_over(
    context: Context | None, source: Source | str, names: Names | None = None
) -> Report:
    """Import a source."""
    url = source if isinstance(source, str) else source.url
    return await import_source(context, url, names or Names(), Silent())
