"""The vectors of a store's items and queries, from the model that its `index` names."""

from collections.abc import Mapping
from typing import Any

from langgraph.store.base import (
    IndexConfig,
    PutOp,
    ensure_embeddings,
    get_text_at_path,
    tokenize_path,
)

_Key = tuple[tuple[str, ...], str]


class StoreVectors:
    """Embeds texts of items as LangGraph's own stores do; nothing without an index."""

    def __init__(self, index: IndexConfig | None) -> None:
        self._model = ensure_embeddings(index.get("embed")) if index else None
        fields = (index.get("fields") if index else None) or ["$"]
        self._paths = _tokenized(fields)

    async def of_query(self, query: str | None) -> list[float] | None:
        """Give a query's vector; None if there is no index or no query."""
        if self._model is None or not query:
            return None
        return [float(number) for number in await self._model.aembed_query(query)]

    async def of_items(self, puts: Mapping[_Key, PutOp]) -> dict[_Key, dict[str, list[float]]]:
        """Give the vectors of items, by the path of the text that each is for."""
        places: dict[str, list[tuple[_Key, str]]] = {}
        for key, op in puts.items():
            for path, text in self._texts(op):
                places.setdefault(text, []).append((key, path))
        vectors: dict[_Key, dict[str, list[float]]] = {}
        if self._model is None or not places:
            return vectors
        embedded = await self._model.aembed_documents(list(places))
        for several, vector in zip(places.values(), embedded, strict=True):
            for key, path in several:
                vectors.setdefault(key, {})[path] = [float(number) for number in vector]
        return vectors

    def _texts(self, op: PutOp) -> list[tuple[str, str]]:
        if self._model is None or op.index is False or op.value is None:
            return []
        paths = self._paths if op.index is None else _tokenized(op.index)
        found: list[tuple[str, str]] = []
        for path, tokens in paths:
            texts = get_text_at_path(op.value, tokens)
            several = len(texts) > 1
            found += [
                (f"{path}.{place}" if several else path, text) for place, text in enumerate(texts)
            ]
        return found


def _tokenized(paths: list[str]) -> list[tuple[str, Any]]:
    return [(path, path if path == "$" else tokenize_path(path)) for path in paths]
