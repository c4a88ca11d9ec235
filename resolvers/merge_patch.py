"""JSON merge patches (RFC 7396), and what they replace."""

from typing import Any


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
