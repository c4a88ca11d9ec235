"""Which memories there are, as far as this process knows, so that a write need not ask first."""

from collections import OrderedDict
from collections.abc import Iterable

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.langgraph.store_items import TYPE

_MOST_KNOWN = 100_000
_PAGE = 200
_NAMES = """query LanggraphStoreNames($first: Int!, $names: [String!]!, $type: String!) {
  memories(first: $first, filter: { memoryId: { in: $names }, type: { eq: $type } }) {
    nodes { memoryId }
  }
}"""


class KnownMemories:
    """The names of memories that were there last, the latest 100,000 of them.

    Others make and delete memories too, so it is a guess: the server refuses what does not fit,
    and then it is asked.
    """

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._names: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, names: Iterable[str]) -> None:
        """Know that memories are there."""
        for name in names:
            self._names[name] = None
            self._names.move_to_end(name)
        while len(self._names) > _MOST_KNOWN:
            self._names.popitem(last=False)

    def forget(self, name: str) -> None:
        """Know nothing of a memory, as of one that is not there."""
        self._names.pop(name, None)

    async def look_up(self, names: Iterable[str]) -> None:
        """Ask which of several unknown memories are there; of a single one a write tells it."""
        unknown = [name for name in names if name not in self._names]
        if len(unknown) > 1:
            await self.ask(unknown)

    async def ask(self, names: Iterable[str]) -> None:
        """Ask which of these are there."""
        asked = list(names)
        for start in range(0, len(asked), _PAGE):
            page = asked[start : start + _PAGE]
            data = await self._client.query(_NAMES, first=_PAGE, names=page, type=TYPE)
            there = {node["memoryId"] for node in data["memories"]["nodes"]}
            for name in page:
                if name not in there:
                    self.forget(name)
            self.add(there)
