"""What an erasure did, and what it found at its end."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from resolvers.identifiers import PREFIXES, encode
from server.administration.person_search import Hit


@dataclass(frozen=True, slots=True)
class Place:
    """A row that has the ID in it."""

    project: str | None
    """None for a row that belongs to none."""
    table: str
    row: str
    """Its id as the API has it, or else its primary key."""
    columns: list[str]


@dataclass(slots=True)
class Certificate:
    """What an erasure did, and what its last search found."""

    user: str
    projects: list[str]
    dry_run: bool
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    rounds: int = 0
    deleted: Counter[str] = field(default_factory=Counter)
    """Rows by table."""
    emptied: Counter[str] = field(default_factory=Counter)
    """Rows of others that no longer name the person, by table."""
    redacted: Counter[str] = field(default_factory=Counter)
    """Rows of others that said the ID, by table."""
    searched_tables: int = 0
    searched_columns: int = 0
    left: list[Place] = field(default_factory=list)
    """What was still theirs, or named them, when the last search came by."""
    mentions: list[Place] = field(default_factory=list)
    """Where the ID stands in what others said or named."""
    statistics: list[str] = field(default_factory=list)
    """Columns (`table.column`) whose frequent values PostgreSQL's planner keeps, with the ID still
    among them."""
    drawn_memories: list[str] = field(default_factory=list)
    """Memories of nobody that were made in the person's sessions, or drawn from them; they stay."""

    @property
    def is_proof(self) -> bool:
        """Whether no table holds the ID any more."""
        return not self.dry_run and not self.left and not self.mentions


def place(project: str | None, hit: Hit, columns: list[str]) -> Place:
    """Name the row of a hit."""
    prefix = PREFIXES.get(hit.table)
    key = [getattr(hit.row, column.name) for column in hit.table.primary_key]
    if prefix is not None:
        return Place(project, hit.table.name, encode(prefix, hit.row.id), columns)
    written = [each.hex() if isinstance(each, bytes) else str(each) for each in key]
    return Place(project, hit.table.name, "/".join(written), columns)
