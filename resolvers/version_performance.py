"""How the versions of an agent did, worked out from what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Double, Row, any_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import AgentVersion, Message, MessageRole, Session
from resolvers.batch_loading import KEYS, PROJECT, group, read
from resolvers.identifiers import table_of
from resolvers.time_series import TimeRange
from resolvers.usage import SUMS, sums

MAXIMUM_VERSIONS = 200
_READ = ("id", "agent_version_id", "quality_score", *SUMS)


@dataclass(frozen=True)
class VersionPerformance:
    """Loads how each agent's versions did in a range of time, by one statement.

    The sessions that started in the range count, with all of their messages.
    """

    during: TimeRange

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[list[Row[Any]]]:
        """Give a row for each version that ran, newest first, at most `MAXIMUM_VERSIONS` a key.

        A row has the version's UUID as `agent_version`, and the figures by name.
        """
        sessions, messages = table_of(Session), table_of(Message)
        versions = table_of(AgentVersion)
        ran = (
            select(*[sessions.c[name] for name in _READ])
            .where(
                sessions.c.project_id == PROJECT,
                sessions.c.agent_id == any_(KEYS),
                sessions.c.agent_version_id.is_not(None),
                self.during.holds(sessions.c.started_at),
            )
            .cte("ran")
        )
        rate = func.sum(ran.c.failed_tool_call_count).cast(Double) / func.nullif(
            func.sum(ran.c.tool_call_count), 0
        )
        counted = (
            select(
                ran.c.agent_version_id.label("agent_version"),
                *sums(ran),
                rate.label("failed_tool_call_rate"),
                func.avg(ran.c.quality_score).label("mean_quality"),
            )
            .group_by(ran.c.agent_version_id)
            .subquery("counted")
        )
        latency = messages.c.duration_ms.asc()
        timed = (
            select(
                ran.c.agent_version_id,
                func.percentile_cont(0.5).within_group(latency).label("p50_latency_ms"),
                func.percentile_cont(0.95).within_group(latency).label("p95_latency_ms"),
            )
            .join_from(ran, messages, messages.c.session_id == ran.c.id)
            .where(messages.c.project_id == PROJECT, messages.c.role == MessageRole.ASSISTANT)
            .group_by(ran.c.agent_version_id)
            .subquery("timed")
        )
        newest = (versions.c.created_at.desc(), versions.c.id.desc())
        place = func.row_number().over(partition_by=versions.c.agent_id, order_by=newest)
        placed = (
            select(
                versions.c.agent_id,
                counted,
                timed.c.p50_latency_ms,
                timed.c.p95_latency_ms,
                place.label("place"),
            )
            .join_from(versions, counted, counted.c.agent_version == versions.c.id)
            .outerjoin(timed, timed.c.agent_version_id == versions.c.id)
            .where(versions.c.project_id == PROJECT)
            .subquery("placed")
        )
        statement = (
            select(placed).where(placed.c.place <= MAXIMUM_VERSIONS).order_by(placed.c.place)
        )
        found = await read(connection, statement, project_id, keys)
        return group(found, keys, attrgetter("agent_id"))
