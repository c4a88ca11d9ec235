"""LangGraph's checkpointer on Sessiongraph: a thread is a session."""

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer

from sessiongraph_client.blocking import run_blocking
from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.langgraph import checkpoint_items
from sessiongraph_client.langgraph.checkpoint_items import Place
from sessiongraph_client.langgraph.checkpoint_reader import CheckpointReader
from sessiongraph_client.langgraph.checkpoint_retention import CheckpointRetention
from sessiongraph_client.langgraph.conversation import CheckpointFacts
from sessiongraph_client.langgraph.delta_history import read_delta_history
from sessiongraph_client.langgraph.latest_checkpoints import LatestCheckpoints
from sessiongraph_client.langgraph.session_items import SessionItems
from sessiongraph_client.langgraph.thread_recorder import ThreadRecorder


class SessiongraphSaver(BaseCheckpointSaver[str]):
    """A checkpointer whose threads are sessions that a dashboard shows.

    LangGraph's own is kept verbatim in items of the thread's session: checkpoints, channel values
    once for each version, pending writes. Beside it, in the same transaction, stand

    - the messages of the channels that hold LangChain messages, each once, with tool calls,
      results, model and tokens;
    - a module state `langgraph`, of which every checkpoint is a revision;
    - a child session for each subgraph's namespace;
    - a confirmation for each `interrupt()`, decided or withdrawn when the thread is resumed.

    `conversation` says whether these are recorded; if left out they are, unless the serializer
    encrypts, since they are readable. The session is never ended here.

    Methods raise `SessiongraphError`: `Unavailable` when the server stays away. The synchronous
    ones must not be called from the loop of `run_blocking`.
    """

    def __init__(
        self,
        client: SessiongraphClient,
        *,
        serde: SerializerProtocol | None = None,
        conversation: bool | None = None,
    ) -> None:
        super().__init__(serde=serde)
        encrypts = isinstance(self.serde, EncryptedSerializer)
        self._items = SessionItems(client)
        self._latest = LatestCheckpoints(self._items)
        self._recorder = ThreadRecorder(
            client, self._items, conversation=not encrypts if conversation is None else conversation
        )
        self._client = client

    @property
    def _reader(self) -> CheckpointReader:
        return CheckpointReader(self._items, self.serde)  # `with_allowlist` changes `serde`

    @property
    def _retention(self) -> CheckpointRetention:
        return CheckpointRetention(self._client, self._items, self.serde, self._recorder)

    def get_next_version(self, current: str | int | float | None, channel: None) -> str:
        """Give a version behind `current` that no other writer gives, also not for a fork."""
        number = 0 if current is None else int(str(current).partition(".")[0])
        return f"{number + 1:032}.{random.random():016}"  # noqa: S311  no secret

    # -- asynchronous

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read the checkpoint that `config` names, or its thread's newest one."""
        place = _place(config)
        found = None if place.checkpoint_id else await self._latest.read(self.serde, place)
        if found is None and (found := await self._reader.read(place)) and not place.checkpoint_id:
            self._latest.expect(place, found.checkpoint)
        if found is not None and found.pending_writes:
            self._recorder.notice(place.thread_id, found.pending_writes)
        return found

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  LangGraph's name for it
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Read checkpoints, newest first: of a thread and namespace, of a thread, or of all."""
        before_id = _configurable(before).get("checkpoint_id") if before else None
        found = self._reader.find(_configurable(config), filter or {}, before_id, limit)
        async for checkpoint in found:
            yield checkpoint

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint and the new values of its channels."""
        parent = _place(config)
        thread_id, namespace, parent_id = parent
        values = checkpoint["channel_values"]
        told: Mapping[str, Any] = get_checkpoint_metadata(config, metadata)
        own = [
            *checkpoint_items.put_values(self.serde, parent, values, new_versions),
            *checkpoint_items.put_checkpoint(self.serde, parent, checkpoint, told),
        ]
        facts = CheckpointFacts(thread_id, namespace, checkpoint["id"], parent_id, told)
        await self._recorder.checkpoint(facts, own, values, new_versions, self.serde)
        self._latest.expect(parent, checkpoint)
        return checkpoint_items.config_of(thread_id, namespace, checkpoint["id"])

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task wrote at a checkpoint.

        Of regular writes the first of each index stays, of special ones the last.
        """
        place = _place(config)
        own = checkpoint_items.put_writes(self.serde, place, writes, task_id, task_path)
        if own:
            await self._recorder.writes(place, own, writes, task_id)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread: its session with all that is recorded in it and below it.

        Of a session that was not made here (its `source` is another), the checkpoints alone.
        """
        await self._retention.delete_thread(str(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Delete the checkpoints that runs made, with their writes and unused values."""
        await self._retention.delete_for_runs(run_ids)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy all checkpoints, values and writes; the target has the same conversation."""
        await self._retention.copy_thread(str(source_thread_id), str(target_thread_id))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Delete checkpoints, and keep what people see of them.

        `keep_latest` keeps each namespace's newest, with the ancestors from which its delta
        channels are rebuilt; `delete` keeps none. Raises `ValueError` for another strategy.
        """
        await self._retention.prune([str(each) for each in thread_ids], strategy)

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Read what channels are rebuilt from, some fifty ancestors at a time."""
        return await read_delta_history(self._items, self.serde, _place(config), channels)

    # -- synchronous

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Do as `aget_tuple`."""
        return run_blocking(self.aget_tuple(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002  LangGraph's name for it
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Do as `alist`."""
        found = self.alist(config, filter=filter, before=before, limit=limit)
        while (checkpoint := run_blocking(_next(found))) is not None:
            yield checkpoint

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Do as `aput`."""
        return run_blocking(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Do as `aput_writes`."""
        run_blocking(self.aput_writes(config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """Do as `adelete_thread`."""
        run_blocking(self.adelete_thread(thread_id))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Do as `adelete_for_runs`."""
        run_blocking(self.adelete_for_runs(run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Do as `acopy_thread`."""
        run_blocking(self.acopy_thread(source_thread_id, target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Do as `aprune`."""
        run_blocking(self.aprune(thread_ids, strategy=strategy))

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """Do as `aget_delta_channel_history`."""
        return run_blocking(self.aget_delta_channel_history(config=config, channels=channels))


def _configurable(config: RunnableConfig | None) -> dict[str, Any]:
    return dict(config["configurable"]) if config else {}


def _place(config: RunnableConfig) -> Place:
    told = config["configurable"]
    return Place(str(told["thread_id"]), told.get("checkpoint_ns") or "", told.get("checkpoint_id"))


async def _next(found: AsyncIterator[CheckpointTuple]) -> CheckpointTuple | None:
    return await anext(found, None)
