"""What threads, checkpoints and channels are called in Sessiongraph.

LangGraph takes any text for a name, Sessiongraph 1 to 512 characters; where a name does not fit,
its SHA-256 stands in its place, and the name itself is in the item.
"""

import json
import re
from hashlib import sha256
from typing import Any

SOURCE = "langgraph"
"""The `source` of the sessions that are made here."""
MESSAGES = "langgraph.messages"
"""The collection that says which messages have been recorded."""
PARTS = "langgraph.parts"
"""The collection of the parts of documents that are too large for one item."""
_ROOM = 400
_LIKE_AN_ID = re.compile(r"[a-z_]+_[0-9a-z]{26}")


def session_of(thread_id: str, namespace: str = "") -> str:
    """Name the session of a thread, or of a subgraph's namespace in it."""
    root = _fitting(thread_id)
    if _LIKE_AN_ID.fullmatch(root):
        root = f"langgraph:{root}"
    return _fitting(f"{root}|{namespace}") if namespace else root


def namespaces_above(namespace: str) -> list[str]:
    """Give the namespaces that a subgraph's stands in, from the top down, itself the last."""
    labels = namespace.split("|") if namespace else []
    return ["|".join(labels[: depth + 1]) for depth in range(len(labels))]


def checkpoints_of(namespace: str) -> str:
    """Name the collection of a namespace's checkpoints. Its keys are the checkpoints' ids."""
    return _joined("langgraph.checkpoints", namespace)


def values_of(namespace: str) -> str:
    """Name the collection of a namespace's channel values, one for each version."""
    return _joined("langgraph.values", namespace)


def writes_of(namespace: str, checkpoint_id: str) -> str:
    """Name the collection of the writes that wait at a checkpoint."""
    return _joined(f"langgraph.writes:{_fitting(checkpoint_id)}", namespace)


def key_of(*names: Any) -> str:
    """Make one key of several names, no two the same; a single text that fits is its own."""
    if len(names) == 1 and isinstance(names[0], str) and _fits(names[0]):
        return names[0]
    return _fitting(json.dumps(names, ensure_ascii=False))


def escaped(name: str) -> str:
    """Write a name as text that PostgreSQL can keep; most stay as they are."""
    if not name.startswith("\\") and "\x00" not in name and _is_text(name):
        return name
    return "\\" + name.encode("utf-8", "surrogatepass").hex()


def unescaped(name: str) -> str:
    """Read a name as it was before it was escaped."""
    if not name.startswith("\\"):
        return name
    return bytes.fromhex(name[1:]).decode("utf-8", "surrogatepass")


def _joined(collection: str, namespace: str) -> str:
    return f"{collection}:{_fitting(namespace)}" if namespace else collection


def _fitting(name: str) -> str:
    if _fits(name):
        return name
    return "sha256:" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _fits(name: str) -> bool:
    fits = bool(name.strip()) and len(name) <= _ROOM and "\x00" not in name and _is_text(name)
    return fits and len(name.encode()) <= 2 * _ROOM


def _is_text(name: str) -> bool:
    """Whether it holds no lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
