"""What a transcript, and what belongs to it, is called in Sessiongraph."""

from hashlib import sha256
from urllib.parse import quote

from claude_agent_sdk import SessionKey

MAIN_TRANSCRIPTS = "claude_agent_sdk.transcripts"
"""The collection of what is known of a main transcript; its key tells the `project_key`."""
SUBAGENT_TRANSCRIPTS = "claude_agent_sdk.subagent_transcripts"
"""The collection of what is known of another transcript; its key tells the `subpath`."""
ENTRIES = "claude_agent_sdk.entries"
"""The collection of a transcript's entries, in order; the key is the entry's uuid."""

_LONGEST = 400
"""A name may have 512 characters."""
_KEPT_OF_LONGER = 300


def session_name(key: SessionKey) -> str:
    """Give the `sessionId` of a transcript: `project_key/session_id`, then `/subpath`.

    What cannot stand in a name is percent-encoded, as are slashes in the first two parts; a long
    name ends with its hash. No two transcripts share a name.
    """
    name = f"{_quote(key['project_key'])}/{_quote(key['session_id'])}"
    subpath = key.get("subpath")
    return _shorten(f"{name}/{_quote(subpath, '/')}" if subpath else name)


def main_name(key: SessionKey) -> str:
    """Give the `sessionId` of the main transcript of a key's session."""
    return session_name({"project_key": key["project_key"], "session_id": key["session_id"]})


def sibling_name(key: SessionKey, agent_id: str) -> str:
    """Give the `sessionId` of the transcript of another agent, beside that of a subpath."""
    folder = key.get("subpath", "").rpartition("/")[0] or "subagents"
    return session_name({**key, "subpath": f"{folder}/agent-{agent_id}"})


def item_of(key: SessionKey) -> tuple[str, str]:
    """Give the collection and key of the item that tells what is known of a transcript."""
    if subpath := key.get("subpath"):
        return SUBAGENT_TRANSCRIPTS, _shorten(_quote(subpath, "/"))
    return MAIN_TRANSCRIPTS, project_name(key["project_key"])


def project_name(project_key: str) -> str:
    """Give the key under which the main transcripts of a `project_key` are found."""
    return _shorten(_quote(project_key))


def entry_key(uuid: object, append: str, place: int) -> str:
    """Give the key of an entry: its uuid, or, if it has none, its place in the append."""
    if not isinstance(uuid, str):
        return f"~{append}.{place}"
    is_plain = uuid.isprintable() and uuid.isascii() and not uuid.startswith("~") and uuid.strip()
    return uuid if is_plain and len(uuid) <= _LONGEST else f"~{_hash(uuid)}"


def _quote(text: str, safe: str = "") -> str:
    return quote(text, safe=safe, errors="surrogatepass")


def _shorten(name: str) -> str:
    return name if 0 < len(name) <= _LONGEST else f"{name[:_KEPT_OF_LONGER]}~{_hash(name)}"


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
