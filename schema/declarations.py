"""What a field reads, declared in a form that any executor can use.

Every field of a node is one of these, kept in its `metadata["declaration"]`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from resolvers.batch_loading import Loader
from resolvers.context import Context
from resolvers.loaders import OneByColumn, Pages
from resolvers.recording import Answer

Key = int | str
"""Where a key stands: a position in a row, or a name in a mutation's answer."""


@dataclass(frozen=True)
class ColumnField:
    """A column; JSON columns go into the response as the text they are."""

    position: int
    is_json: bool


@dataclass(frozen=True)
class OneField:
    """The row that a key leads to; null where the key is, or where it leads to nothing."""

    loader: OneByColumn
    key: Key


@dataclass(frozen=True)
class ManyField:
    """The rows that a list of ids leads to."""

    loader: OneByColumn
    key: Key


@dataclass(frozen=True)
class PageField:
    """A connection; `key` is None for one of the whole project."""

    loader: Pages
    key: Key | None


@dataclass(frozen=True)
class ComputedField:
    """A function of the columns at some positions of the row."""

    positions: tuple[int, ...]
    function: Callable[..., Any]


@dataclass(frozen=True)
class LoadedField:
    """What a loader works out for a key; the field's arguments make the loader."""

    loader: Callable[..., Loader[Any]]
    key: Key
    show: Callable[[Any], Any]
    """Turns what was loaded into what the field gives."""


@dataclass(frozen=True)
class ValueField:
    """A plain value of a mutation's answer."""

    key: str
    before: Any = None
    """What stands for it in the kept answers of releases that did not tell it."""


@dataclass(frozen=True)
class MutationField:
    """Records what a mutation's input says, and gives its answer."""

    record: Callable[[Context, str, Mapping[str, Any]], Awaitable[Answer]]
    """Takes the mutation's name and the input by the names of Python."""


@dataclass(frozen=True)
class FindField:
    """A root field that finds a row by its id or, with `by_name`, by the runtime's own name."""

    loader: OneByColumn
    by_name: OneByColumn | None
    check: Callable[[Mapping[str, Any]], None] | None = None
    """Raises `DomainError` where other arguments are wrong, by their names in GraphQL."""


@dataclass(frozen=True)
class SubjectField:
    """The row that two columns name: the prefix of its ids and its UUID."""

    prefix_position: int
    id_position: int


@dataclass(frozen=True)
class NodesField:
    """A root field that finds rows of any noun by their ids: `ids`, or the one `id`."""

    is_list: bool


@dataclass(frozen=True)
class IdentityField:
    """The TypeID of the row."""


@dataclass(frozen=True)
class EventField:
    """What a subscription shows of an event: the row that a link in it leads to, or the event."""

    show: Callable[..., Awaitable[Any]]
    """Makes the object of an event, as graphql-core asks for it: with the field's arguments."""
    link: OneField | None


Declaration = (
    ColumnField
    | OneField
    | ManyField
    | PageField
    | ComputedField
    | ValueField
    | MutationField
    | LoadedField
    | FindField
    | SubjectField
    | NodesField
    | IdentityField
    | EventField
)
