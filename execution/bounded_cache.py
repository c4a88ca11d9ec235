"""A cache that is bounded by how many it keeps and by their size together."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Keeps values until they are too many or too large together; the least used go first."""

    def __init__(self, max_entries: int, max_size: int) -> None:
        self._max_entries = max_entries
        self._max_size = max_size
        self._size = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        """Count the kept values."""
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """Give the value of a key; None where none is kept."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def keep(self, key: Key, value: Value, size: int) -> None:
        """Keep a value; `size` is in the unit of the cache's own."""
        _, replaced = self._entries.pop(key, (None, 0))
        self._entries[key] = value, size
        self._size += size - replaced
        while len(self._entries) > self._max_entries or self._size > self._max_size:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._size -= dropped
