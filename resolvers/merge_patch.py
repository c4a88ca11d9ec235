"""JSON merge patches (RFC 7396), what they replace, and the patch of a row's metadata."""

from typing import Any

from orjson import loads
from sqlalchemy import Row

from resolvers.errors import Invalid
from resolvers.validation import check_json


def merge(document: Any, patch: Any) -> Any:
    """Apply a merge patch; null removes a key. Neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def replaced(document: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """Give the values that a merge patch replaces, in the patch's shape; null for absent ones."""
    if not isinstance(document, dict):
        return dict.fromkeys(patch)
    return {
        key: replaced(document[key], value)
        if isinstance(value, dict) and isinstance(document.get(key), dict)
        else document.get(key)
        for key, value in patch.items()
    }


def check_patch(patch: Any, field: str) -> None:
    """Check a merge patch of a document that is an object. Raises `Invalid`."""
    if not isinstance(patch, dict):
        raise Invalid("Give an object: a JSON merge patch.", field=field)
    check_json(patch, field)


def patch_metadata(row: Row[Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Give changes of a row with `metadata` in the place of their `metadata_patch`.

    Raises `Invalid` for a patch that is no object, or that comes with `metadata`.
    """
    if "metadata_patch" not in changes:
        return changes
    others = {name: value for name, value in changes.items() if name != "metadata_patch"}
    if "metadata" in others:
        raise Invalid("Give `metadata` or `metadataPatch`, not both.", field="metadataPatch")
    patch = changes["metadata_patch"]
    check_patch(patch, "metadataPatch")
    return {**others, "metadata": merge(loads(row.metadata), patch)}
