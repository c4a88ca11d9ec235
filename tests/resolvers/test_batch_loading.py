"""What loaders work out, asked with the keys of another project."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Agent, Memory, MessageRole, ModuleState, Session
from resolvers.agent_usage import AgentUsage
from resolvers.batch_loading import Loader
from resolvers.context import Context
from resolvers.identifiers import table_of
from resolvers.memory_access_statistics import MemoryAccessStatistics
from resolvers.message import record_message
from resolvers.module_state_history import StateAsOf
from resolvers.recording import Recording
from resolvers.session_history import SessionHistory
from resolvers.session_integrity import CallsWithoutResult, ResultsWithoutCall
from resolvers.time_series import TimeBucket, TimeSeries
from resolvers.transaction import record
from resolvers.usage import TreeUsage
from resolvers.version_performance import VersionPerformance
from tests.history import fill

ALWAYS = TimeSeries(
    datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), TimeBucket.MONTH
)
LOADERS: list[tuple[Loader[Any], type[Any]]] = [
    (TreeUsage(), Session),
    (SessionHistory(10), Session),
    (CallsWithoutResult(), Session),
    (ResultsWithoutCall(), Session),
    (AgentUsage(ALWAYS), Agent),
    (VersionPerformance(ALWAYS), Agent),
    (MemoryAccessStatistics(ALWAYS), Memory),
    (StateAsOf(revision=1), ModuleState),
]


@pytest.mark.parametrize(("loader", "model"), LOADERS)
async def test_the_keys_of_another_project_lead_to_nothing(
    engine: AsyncEngine, loader: Loader[Any], model: type[Any]
) -> None:
    await fill(engine, 2)

    async def misfit(recording: Recording) -> dict[str, Any]:
        for role in (MessageRole.TOOL, MessageRole.USER):
            await record_message(recording, session="s0", role=role)
        return {}

    await record(Context(engine, 1), "misfit", misfit, {})
    async with engine.connect() as connection:
        keys = (await connection.scalars(select(table_of(model).c.id))).all()
        own = await loader.fetch(connection, 1, keys)
        theirs = await loader.fetch(connection, 2, keys)
        assert await loader.fetch(connection, 1, []) == []
    (nothing,) = {repr(found) for found in theirs}
    assert any(repr(found) != nothing for found in own)
