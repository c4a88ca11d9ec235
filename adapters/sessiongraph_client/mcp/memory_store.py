"""The memories of one project, each use of them recorded as an access."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, InvalidInput, NotFound
from sessiongraph_client.mcp.answers import (
    AnnotatedMemory,
    Annotation,
    FoundMemories,
    Memory,
    MemoryInFull,
    Relation,
    Revision,
    WrittenMemory,
)
from sessiongraph_client.mcp.bounds import Bounds
from sessiongraph_client.mcp.documents import READ, RECORD, SEARCH
from sessiongraph_client.schema_types import (
    BatchRecordInput,
    MemoryRelationInput,
    RecordMemoryAccessInput,
)

_CREATED = "created-memory"
"""What a batch calls the memory that it makes."""
_MAX_WORDS = 30
"""Of a search: the API takes 50 conditions, the other filters among them."""


@dataclass(frozen=True)
class MemoryStore:
    """The memories that one caller may use, by a client of the caller's project.

    `used_by` is who uses them, and `context` further facts of the use: accesses have both. An
    access is recorded before a memory is given back; so, however this process ends, no model has
    seen a memory of which the record does not tell. A change and its access are recorded together.

    Methods raise `SessiongraphError`: `NotFound` for a memory that the bounds keep out, too.
    """

    client: SessiongraphClient
    bounds: Bounds
    used_by: str | None
    context: Mapping[str, Any]

    async def search(
        self,
        filters: Sequence[Mapping[str, Any]],
        order: Mapping[str, str],
        *,
        text: str,
        limit: int,
        after: str | None,
    ) -> FoundMemories:
        """Find what all `filters` let through (each a `MemoryFilter`) and has each word of a text.

        `order` is a `MemoryOrder`.
        """
        words = sorted(set(text.split()))
        if len(words) > _MAX_WORDS:
            raise _invalid("text", f"Give {_MAX_WORDS} words at most.")
        holds = [{"contentText": {"contains": word}} for word in words]
        data = await self.client.query(
            SEARCH,
            filter={"and": [*filters, *holds, *self.bounds.filters()]},
            orderBy=order,
            first=limit,
            after=after,
        )
        nodes, page = data["memories"]["nodes"], data["memories"]["pageInfo"]
        hits = [
            self._access(node["id"], "SEARCH_HIT", query_text=text, rank=rank)
            for rank, node in enumerate(nodes)
        ]
        if hits:
            await self._record(hits)
        return FoundMemories(
            memories=[_memory(node) for node in nodes],
            next=page["endCursor"] if page["hasNextPage"] else None,
        )

    async def read(
        self, memory: str, *, annotations: bool, relations: bool, revisions: bool
    ) -> MemoryInFull:
        """Give a memory by its id or name, with what is asked for."""
        node = await self._find(
            memory, annotations=annotations, relations=relations, revisions=revisions
        )
        await self._record([self._access(node["id"], "READ")])
        full = MemoryInFull(memory=_memory(node))
        if annotations:
            full.annotations = [Annotation(**each) for each in node["annotations"]["nodes"]]
        if relations:
            related = [*node["relations"]["nodes"], *node["relatedBy"]["nodes"]]
            full.relations = [_relation(each) for each in related]
        if revisions:
            full.revisions = [Revision(**each) for each in node["revisions"]["nodes"]]
        return full

    async def write(
        self,
        memory: str | None,
        values: Mapping[str, Any],
        *,
        relations: Sequence[MemoryRelationInput] = (),
        expected_revision: int | None = None,
        reason: str | None = None,
    ) -> WrittenMemory:
        """Change the memory of that id or name; where there is none, make one of that name.

        `values` are those of `CreateMemoryInput` and `UpdateMemoryInput`, by their names there.
        """
        found = None if memory is None else await self._look_up(memory)
        if found is None and expected_revision is not None:
            raise _no_memory(memory)
        if found is None:
            try:
                return await self._create(memory, values, relations)
            except Conflict:
                # another has made it meanwhile; or it is there, but beyond the bounds
                found = None if memory is None else await self._look_up(memory)
                if found is None:
                    raise
        if relations:
            raise _invalid("relations", "Only a new memory can be given relations.")
        facts = {
            "expectedRevision": expected_revision,
            "changedBy": self.used_by,
            "reason": reason,
        }
        return await self._update(found, values, facts)

    async def annotate(self, memory: str, remark: str, kind: str) -> AnnotatedMemory:
        """Remark on the memory of that id or name."""
        own_id = (await self._find(memory))["id"]
        remarked: BatchRecordInput = {
            "createMemoryAnnotation": {
                "memory": own_id,
                "annotationType": kind,
                "content": remark,
                "annotatorKind": "LLM",
                "createdBy": self.used_by,
            }
        }
        annotation, access = await self._record([remarked, self._access(own_id, "ANNOTATE")])
        return AnnotatedMemory(
            annotation=Annotation(**annotation), memory=_memory(access["memory"])
        )

    async def _create(
        self,
        name: str | None,
        values: Mapping[str, Any],
        relations: Sequence[MemoryRelationInput],
    ) -> WrittenMemory:
        if "content" not in values:
            raise _invalid("text", "A new memory needs a text or a content.")
        if values.get("state", "ACTIVE") != "ACTIVE":
            raise _invalid(
                "state", "A new memory is ACTIVE; only one that is there can be changed."
            )
        made = {
            "type": "note",
            **{column: value for column, value in values.items() if column != "state"},
            "memoryId": name,
            "agent": self.bounds.agent,
            "userId": self.bounds.user,
            "session": self.bounds.session,
            "relations": [
                {**relation, "memory": (await self._find(relation["memory"]))["id"]}
                for relation in relations
            ],
        }
        # mypy does not see that the keys are the input's
        create = cast("BatchRecordInput", {"reference": _CREATED, "createMemory": made})
        node, _ = await self._record([create, self._access(_CREATED, "CREATE")])
        return WrittenMemory(memory=_memory(node), created=True)

    async def _update(
        self, found: Mapping[str, Any], values: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> WrittenMemory:
        if values.get("type", found["kind"]) != found["kind"]:
            raise _invalid("kind", f"It is {found['kind']!r}, and a memory's kind never changes.")
        changes = {column: value for column, value in values.items() if column != "type"}
        changed = {"memory": found["id"], **changes, **facts}
        update = cast("BatchRecordInput", {"updateMemory": changed})
        node, _ = await self._record([update, self._access(found["id"], "UPDATE")])
        return WrittenMemory(memory=_memory(node), created=False)

    async def _find(self, memory: str, **asked: bool) -> dict[str, Any]:
        found = await self._look_up(memory, **asked)
        if found is None:
            raise _no_memory(memory)
        return found

    async def _look_up(
        self,
        memory: str,
        *,
        annotations: bool = False,
        relations: bool = False,
        revisions: bool = False,
    ) -> dict[str, Any] | None:
        """Give a memory within the bounds by its id or name, None if there is none."""
        data = await self.client.query(
            READ,
            filter={"and": [{"id": {"eq": memory}}, *self.bounds.filters()]},
            annotations=annotations,
            relations=relations,
            revisions=revisions,
        )
        return next(iter(data["memories"]["nodes"]), None)

    async def _record(self, records: Sequence[BatchRecordInput]) -> list[dict[str, Any]]:
        data = await self.client.mutate(RECORD, records=records)
        return [result["node"] for result in data["recordBatch"]["results"]]

    def _access(
        self, memory: str, kind: str, *, query_text: str | None = None, rank: int | None = None
    ) -> BatchRecordInput:
        access: RecordMemoryAccessInput = {
            "memory": memory,
            "accessType": kind,
            "accessedBy": self.used_by,
            "accessorType": "AGENT",
            "context": dict(self.context),
            "queryText": query_text or None,
            "rank": rank,
            "session": self.bounds.session,
        }
        return {"recordMemoryAccess": access}


def _no_memory(memory: str | None) -> NotFound:
    return NotFound(f"There is no memory {memory!r}.", code="NOT_FOUND")


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, code="BAD_USER_INPUT", field=field)


def _memory(node: Mapping[str, Any]) -> Memory:
    text, content = node["text"], node["content"]
    if text is None and isinstance(content, str):
        text = content
    return Memory(**{**node, "text": text, "content": None if content == text else content})


def _relation(node: Mapping[str, Any]) -> Relation:
    return Relation(
        memory=node["memory"]["id"],
        relation_type=node["relation_type"],
        related_memory=node["related_memory"]["id"],
    )
