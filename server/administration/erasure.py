"""Erases a person from the store, and proves it by a search of every table.

What is theirs is deleted: their sessions with all below them, and their memories. Where they only
did something in rows of others, what names them is emptied, and the row stays. Then all is
searched; what came in meanwhile is erased again. Each step is a transaction of its own, so that an
erasure that was broken off goes on when it is run again.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Table, delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.spans.kept_spans import TRACE_OF_SPAN, trace_of
from models import Span
from resolvers.context import Context
from resolvers.errors import Invalid
from resolvers.identifiers import PREFIXES, encode, table_of
from resolvers.recording import Answer, Recording
from resolvers.transaction import record
from resolvers.validation import check_name
from server.administration.erasure_certificate import Certificate, Place, place
from server.administration.person_columns import (
    DERIVED,
    NAMED,
    searched_columns,
    searched_tables,
)
from server.administration.person_records import (
    MEMORIES,
    SESSIONS,
    STATES,
    Found,
    batches,
    counts_of,
    erase_memories,
    erase_sessions,
    find_drawn,
    find_memories,
    find_sessions,
    memories_with_rows,
    sessions_with_rows,
    states_of,
)
from server.administration.person_search import Hit, PersonSearch
from server.administration.planner_statistics import forget_frequent_values
from server.administration.redaction import FORGOTTEN, redact_rows

_SPANS = table_of(Span)
_MOST_ROUNDS = 5
"""After which somebody writes faster than we erase."""

Tell = Callable[[str], None]


async def erase_person(
    engine: AsyncEngine,
    projects: dict[str, int],
    user_id: str,
    tell: Tell,
    *,
    dry_run: bool = False,
    redacts: bool = False,
) -> Certificate:
    """Erase a person from projects, given by their names.

    `redacts` lets what others said have `FORGOTTEN` in place of the ID. Raises `Invalid` for what
    is no ID.
    """
    check_name(user_id, "user")
    certificate = Certificate(user_id, list(projects), dry_run)
    search = PersonSearch(user_id)
    if redacts and search.word.search(FORGOTTEN):
        raise Invalid(f"This ID cannot be redacted: it is a word of {FORGOTTEN}.", field="user")
    tables = searched_tables()
    for name, project_id in projects.items():
        erasure = _Erasure(engine, name, project_id, user_id, search, certificate, redacts, tell)
        await (erasure.rehearse() if dry_run else erasure.run())
    for table in tables:
        if "project_id" not in table.c:
            async for hits in search.search(engine, table, 0):
                certificate.mentions += [place(None, hit, list(hit.columns)) for hit in hits]
    if not dry_run:
        certificate.statistics = await forget_frequent_values(engine, user_id, search.word)
    certificate.searched_tables = len(tables)
    certificate.searched_columns = sum(len(searched_columns(table)) for table in tables)
    certificate.ended_at = datetime.now(UTC)
    return certificate


@dataclass
class _Erasure:
    """The erasure of a person from one project."""

    engine: AsyncEngine
    project: str
    project_id: int
    user_id: str
    search: PersonSearch
    certificate: Certificate
    redacts: bool
    tell: Tell

    async def run(self) -> None:
        """Erase until a search finds nothing more that is theirs."""
        for number in range(1, _MOST_ROUNDS + 1):
            self.certificate.rounds = max(self.certificate.rounds, number)
            await self._erase_records()
            left, mentions, redacted = await self._search()
            if not left and not redacted:
                break
        self.certificate.left += left
        self.certificate.mentions += mentions

    async def _erase_records(self) -> None:
        context = Context(self.engine, self.project_id)
        sessions, memories = await self._find_records()
        for batch in batches(sessions):
            self.certificate.deleted.update(await erase_sessions(context, batch))
        for batch in batches(memories):
            self.certificate.deleted.update(await erase_memories(context, batch))

    async def _find_records(self) -> tuple[Found, Found]:
        sessions = await find_sessions(self.engine, self.project_id, self.user_id)
        memories = await find_memories(self.engine, self.project_id, self.user_id)
        if sessions or memories:
            self.tell(f"{self.project}: {len(sessions)} sessions, {len(memories)} memories")
        for batch in batches(sessions):
            drawn = await find_drawn(self.engine, self.project_id, batch)
            self.certificate.drawn_memories += [encode("memory", each) for each in drawn]
        return sessions, memories

    async def _search(self) -> tuple[list[Place], list[Place], int]:
        """Erase what is found in rows of others.

        Gives where that was, where it is mentioned, and how many of these rows were redacted.
        """
        left: list[Place] = []
        mentions: list[Place] = []
        redacted = 0
        async for table, hits in self._hits():
            theirs = [hit for hit in hits if hit.named]
            left += [place(self.project, hit, hit.named) for hit in theirs]
            if theirs:
                await self._mend(table, theirs)
            others = [hit for hit in hits if hit.mentioned]
            mentions += [place(self.project, hit, hit.mentioned) for hit in others]
            if others and self.redacts and table in PREFIXES:
                redacted += await self._redact(table, others)
        return left, mentions, redacted

    async def _hits(self) -> AsyncIterator[tuple[Table, list[Hit]]]:
        self.tell(f"{self.project}: searching")
        for table in searched_tables():
            if "project_id" in table.c:
                async for hits in self.search.search(self.engine, table, self.project_id):
                    yield table, hits

    async def _mend(self, table: Table, hits: Sequence[Hit]) -> None:
        context = Context(self.engine, self.project_id)
        if table in DERIVED:
            answer = await record(context, "forget", _delete, {"table": table, "hits": hits})
            self.certificate.deleted[table.name] += answer["rows"]
        elif table not in (SESSIONS, MEMORIES):  # which the next round deletes
            ids = [hit.row.id for hit in hits]
            arguments = {"table": table, "ids": ids, "user_id": self.user_id}
            answer = await record(context, "forget", _empty, arguments)
            self.certificate.emptied[table.name] += answer["rows"]

    async def _redact(self, table: Table, hits: Sequence[Hit]) -> int:
        ids = [hit.row.id for hit in hits]
        arguments = {"table": table, "ids": ids, "word": self.search.word}
        context = Context(self.engine, self.project_id)
        answer = await record(context, "forget", redact_rows, arguments)
        changed = {name: rows for name, rows in answer.items() if name != "replayed"}
        self.certificate.redacted.update(changed)
        return sum(changed.values())

    async def rehearse(self) -> None:
        """Find what an erasure would do, and change nothing."""
        sessions, memories = await self._find_records()
        going: dict[Table, set[UUID]] = {SESSIONS: set(), MEMORIES: set(), STATES: set()}
        async with self.engine.connect() as connection:
            for batch in batches(sessions):
                going[SESSIONS].update(batch)
                going[STATES].update(await connection.scalars(states_of(self.project_id, batch)))
                counted = await connection.execute(sessions_with_rows(self.project_id, batch))
                self.certificate.deleted.update(counts_of(counted))
            for batch in batches(memories):
                going[MEMORIES].update(batch)
                counted = await connection.execute(memories_with_rows(self.project_id, batch))
                self.certificate.deleted.update(counts_of(counted))
        async for table, found in self._hits():
            hits = [hit for hit in found if not _goes(hit, going)]
            done = self.certificate.deleted if table in DERIVED else self.certificate.emptied
            done[table.name] += sum(1 for hit in hits if hit.named)
            self.certificate.mentions += [
                place(self.project, hit, hit.mentioned) for hit in hits if hit.mentioned
            ]


def _goes(hit: Hit, going: Mapping[Table, set[UUID]]) -> bool:
    """Whether a row is deleted with one that it belongs to."""
    if hit.table in going:
        return hit.row.id in going[hit.table]
    return any(
        getattr(hit.row, key.column_keys[-1]) in going.get(key.referred_table, ())
        for key in hit.table.foreign_key_constraints
        if key.ondelete == "CASCADE"
    )


async def _delete(recording: Recording, *, table: Table, hits: Sequence[Hit]) -> Answer:
    columns = table.c
    if table is _SPANS:
        goes = TRACE_OF_SPAN.in_({trace_of(hit.row.id) for hit in hits})
    else:
        goes = columns.key.in_({hit.row.key for hit in hits})
    deleted = await recording.execute(
        delete(table).where(columns.project_id == recording.project_id, goes)
    )
    return {"rows": deleted.rowcount}


async def _empty(
    recording: Recording, *, table: Table, ids: Sequence[UUID], user_id: str
) -> Answer:
    emptied: set[UUID] = set()
    for column, others in NAMED.items():
        if column.table is not table:
            continue
        found = await recording.execute(
            update(table)
            .where(
                table.c.project_id == recording.project_id,
                table.c.id.in_(ids),
                column == user_id,
            )
            .values(dict.fromkeys((column, *others)))
            .returning(table.c.id)
        )
        emptied.update(found.scalars())
    return {"rows": len(emptied)}
