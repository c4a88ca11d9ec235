"""The tools: what a model is told of them, and what they do."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from pydantic import BaseModel, ConfigDict, Field

from sessiongraph_client.errors import NotFound, SessiongraphError
from sessiongraph_client.mcp.answers import (
    AnnotatedMemory,
    FoundMemories,
    MemoryInFull,
    MemoryState,
    RelationType,
    WrittenMemory,
)
from sessiongraph_client.mcp.memory_store import MemoryStore

_IN_A_BATCH = re.compile(r"^records\.\d+\.\w+\.")
_ORDERS = {
    "newest": "CREATED_AT",
    "recently_changed": "UPDATED_AT",
    "most_important": "IMPORTANCE",
}
MemoryReference = Annotated[
    str, Field(description="The memory: its `id`, or its `memory_id`.", min_length=1)
]


class NewRelation(BaseModel):
    """How a new memory bears on one that is there."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    relation_type: RelationType
    """What the new memory does to the other; SUPERSEDES makes the other SUPERSEDED."""
    memory: str
    """The other memory: its `id`, or its `memory_id`."""


class MemoryTools:
    """The tools, each on the memories of whoever calls it.

    Texts that may be left out are "" then, and not null: the SDK reads an argument that is a text
    and nothing else as it is, and looks for JSON in all others.
    """

    def __init__(self, store_of: Callable[[Context], MemoryStore]) -> None:
        self._store_of = store_of

    async def search_memories(
        self,
        context: Context,
        *,
        text: Annotated[
            str,
            Field(
                description="Words that must all be in the memory's text, in capital or small "
                'letters; 30 at most, "" for all memories. Give few: parts of words are found, '
                "other forms and synonyms are not.",
                max_length=500,
            ),
        ] = "",
        kind: Annotated[
            str, Field(description='Only memories of this kind, such as `preference`; "" for all.')
        ] = "",
        metadata: Annotated[
            dict[str, Any] | None, Field(description="Only memories whose metadata holds this.")
        ] = None,
        minimum_importance: Annotated[
            float | None, Field(description="Only memories of this importance or more.", ge=0, le=1)
        ] = None,
        state: Annotated[
            MemoryState | Literal["ANY"], Field(description="Only memories of this state.")
        ] = "ACTIVE",
        order: Annotated[
            Literal["newest", "recently_changed", "most_important"],
            Field(description="Which come first."),
        ] = "newest",
        limit: Annotated[int, Field(description="How many at most.", ge=1, le=100)] = 10,
        after: Annotated[str, Field(description="`next` of the answer before, to go on.")] = "",
    ) -> FoundMemories:
        """Search what is remembered.

        Gives whole memories, so there is no need to read them again.
        Each hit is recorded as a use of the memory.
        """
        filters: list[dict[str, Any]] = []
        if kind:
            filters.append({"type": {"eq": kind}})
        if metadata is not None:
            filters.append({"metadata": {"contains": metadata}})
        if minimum_importance is not None:
            filters.append({"importance": {"gte": minimum_importance}})
        if state != "ANY":
            filters.append({"state": {"eq": state}})
        with _told_to_the_model():
            return await self._store_of(context).search(
                filters,
                {"field": _ORDERS[order], "direction": "DESC"},
                text=text,
                limit=limit,
                after=after or None,
            )

    async def read_memory(
        self,
        context: Context,
        memory: MemoryReference,
        *,
        annotations: Annotated[
            bool, Field(description="Give corrections and remarks, too.")
        ] = False,
        relations: Annotated[
            bool, Field(description="Give how it bears on other memories, too.")
        ] = False,
        revisions: Annotated[bool, Field(description="Give what it said before, too.")] = False,
    ) -> MemoryInFull:
        """Read one memory, with its corrections, its relations and what it said before on demand.

        It is recorded as a use of the memory.
        """
        with _told_to_the_model():
            return await self._store_of(context).read(
                memory, annotations=annotations, relations=relations, revisions=revisions
            )

    async def write_memory(
        self,
        context: Context,
        *,
        text: Annotated[
            str,
            Field(description="What is to be remembered, in words that stand by themselves."),
        ] = "",
        content: Annotated[
            dict[str, Any] | None,
            Field(description="The same as structured data, if it has any structure."),
        ] = None,
        memory: Annotated[
            str,
            Field(
                description="The memory to change: its `id` or its `memory_id`. If there is none, "
                'this is the `memory_id` of the new one. "" for a new one without.'
            ),
        ] = "",
        kind: Annotated[
            str,
            Field(
                description="The kind of a new memory, such as `preference`; `note` if left out. "
                "It never changes."
            ),
        ] = "",
        importance: Annotated[
            float | None, Field(description="How much it matters.", ge=0, le=1)
        ] = None,
        confidence: Annotated[
            float | None, Field(description="How sure it is.", ge=0, le=1)
        ] = None,
        metadata: Annotated[
            dict[str, Any] | None,
            Field(description="Anything else that is known; replaces what is there."),
        ] = None,
        state: Annotated[
            MemoryState | None,
            Field(description="ARCHIVED puts a memory away that no longer holds."),
        ] = None,
        relations: Annotated[
            list[NewRelation] | None,
            Field(description="How a new memory bears on others.", max_length=20),
        ] = None,
        expected_revision: Annotated[
            int | None,
            Field(description="Change it only if its `revision` is still this.", ge=1),
        ] = None,
        reason: Annotated[str, Field(description="Why a memory is changed.")] = "",
    ) -> WrittenMemory:
        """Remember something new, or change a memory.

        What is left out stays as it is, but `text` and `content` replace both together. What a
        memory said before is kept as a revision. The writing is recorded as a use of the memory.
        """
        optional: dict[str, Any] = {
            "type": kind or None,
            "importance": importance,
            "confidence": confidence,
            "metadata": metadata,
            "state": state,
        }
        values = {column: value for column, value in optional.items() if value is not None}
        if text or content is not None:
            values |= {"content": text if content is None else content, "contentText": text or None}
        with _told_to_the_model():
            return await self._store_of(context).write(
                memory or None,
                values,
                relations=[
                    {"memory": each.memory, "relationType": each.relation_type}
                    for each in relations or ()
                ],
                expected_revision=expected_revision,
                reason=reason or None,
            )

    async def annotate_memory(
        self,
        context: Context,
        memory: MemoryReference,
        remark: Annotated[str, Field(description="What is to be said of it.", min_length=1)],
        kind: Annotated[
            str,
            Field(
                description="The kind of remark, such as `correction`, `doubt`, `confirmation`.",
                min_length=1,
            ),
        ] = "remark",
    ) -> AnnotatedMemory:
        """Remark on a memory without changing it: that it is wrong, doubtful or confirmed.

        People see the remark beside the memory. It is recorded as a use of the memory.
        """
        with _told_to_the_model():
            return await self._store_of(context).annotate(memory, remark, kind)

    async def memory(self, context: Context, memory: str) -> str:
        """Give a memory with its corrections and relations. It is recorded as a use of it."""
        try:
            found = await self._store_of(context).read(
                memory, annotations=True, relations=True, revisions=False
            )
        except NotFound as error:
            raise ResourceNotFoundError(_message(error)) from error
        except SessiongraphError as error:
            raise ResourceError(_message(error)) from error
        return found.model_dump_json(exclude={"revisions"})


@contextmanager
def _told_to_the_model() -> Iterator[None]:
    try:
        yield
    except SessiongraphError as error:
        raise ToolError(_message(error)) from error


def _message(error: SessiongraphError) -> str:
    """Give the server's message, without the place in the batch that the tool sent."""
    field = _IN_A_BATCH.sub("", error.field or "")
    return f"{field}: {error.message}" if field else error.message
