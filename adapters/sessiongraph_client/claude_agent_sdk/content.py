"""What stands in a transcript's entries: blocks, texts, times and tokens, whatever their shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

_FIRST_YEAR = 1900
_LAST_YEAR = 2199
"""The server takes no other years."""
_LARGEST_COUNT = 2**31 - 1


def blocks_of(content: object) -> list[dict[str, Any]]:
    """Give the blocks of a message's or a tool result's content; a plain text is one block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if isinstance(content, list):
        return [block for block in content if isinstance(block, dict)]
    return []


def text_of(blocks: list[dict[str, Any]]) -> str:
    """Give the texts of blocks, and `[image]`, `[document]` … for what is none."""
    texts = (_text_of_block(block) for block in blocks)
    return "\n\n".join(text for text in texts if text)


def _text_of_block(block: Mapping[str, Any]) -> str:
    kind = block.get("type")
    if kind == "text":
        text = block.get("text")
        return text if isinstance(text, str) else ""
    if isinstance(kind, str) and kind in {"image", "document", "search_result", "tool_reference"}:
        return f"[{kind}]"
    return ""


def time_of(entry: Mapping[str, Any]) -> str | None:
    """Give the time of an entry as RFC 3339, None if it has none that the server takes."""
    timestamp = entry.get("timestamp")
    if not isinstance(timestamp, str):
        return None
    try:
        time = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    if not _FIRST_YEAR < time.year < _LAST_YEAR:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def string_of(values: object, name: str) -> str | None:
    """Give a text of an object that may be none, None if it has no such text or an empty one."""
    value = values.get(name) if isinstance(values, dict) else None
    return value if isinstance(value, str) and value else None


@dataclass(frozen=True)
class Tokens:
    """The tokens of a response; `read` includes those from and to the cache."""

    read: int = 0
    written: int = 0
    from_cache: int = 0
    to_cache: int = 0
    thought: int = 0
    """The part of `written` that is thoughts."""

    @classmethod
    def of(cls, usage: object) -> Self:
        """Read them from a message's `usage`."""
        plain, written = _count(usage, "input_tokens"), _count(usage, "output_tokens")
        from_cache = _count(usage, "cache_read_input_tokens")
        to_cache = _count(usage, "cache_creation_input_tokens")
        details = usage.get("output_tokens_details") if isinstance(usage, dict) else None
        thought = min(_count(details, "thinking_tokens"), written)
        return cls(plain + from_cache + to_cache, written, from_cache, to_cache, thought)

    def beyond(self, counted: "Tokens") -> "Tokens":
        """Give what comes to those that were counted before."""
        return Tokens(
            max(0, self.read - counted.read),
            max(0, self.written - counted.written),
            max(0, self.from_cache - counted.from_cache),
            max(0, self.to_cache - counted.to_cache),
            max(0, self.thought - counted.thought),
        )


def _count(usage: object, name: str) -> int:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and 0 <= count <= _LARGEST_COUNT // 3 else 0
