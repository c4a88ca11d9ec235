"""The contents of messages and tools' results as text and JSON; files are described, not copied."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_ai.messages import (
    BaseToolCallPart,
    BinaryContent,
    CachePoint,
    FileUrl,
    TextContent,
    UploadedFile,
    UserContent,
)
from pydantic_core import to_jsonable_python

from sessiongraph_client.stored_json import show_json, show_text

_MOST_ADDRESS_CHARACTERS = 500


def show_user_content(content: str | Sequence[UserContent]) -> str:
    """Give what a person said as text, with a line for each file."""
    items = [content] if isinstance(content, str) else content
    shown = [_show_item(item) for item in items if not isinstance(item, CachePoint)]
    return show_text("\n".join(map(str, shown)))


def show_value(value: Any) -> Any:
    """Give a tool's result as JSON that the server takes."""
    jsonable = to_jsonable_python(
        _describe_files(value), inf_nan_mode="strings", bytes_mode="base64", fallback=repr
    )
    return show_json(jsonable)


def show_as_text(value: Any) -> str:
    """Give a tool's result as text: itself if it is one, else its JSON."""
    shown = show_value(value)
    return shown if isinstance(shown, str) else show_text(json.dumps(shown, ensure_ascii=False))


def show_arguments(call: BaseToolCallPart) -> Any:
    """Give what a tool is called with; as text where a model wrote what is no JSON."""
    if not isinstance(call.args, str):
        return show_value(call.args)
    try:
        return show_json(json.loads(call.args))
    except (ValueError, RecursionError):
        return show_text(call.args)


def describe_file(file: Any) -> str | None:
    """Give a description of a file, None for what is none."""
    if isinstance(file, BinaryContent):
        return f"[{file.media_type}, {len(file.data):,} bytes]"
    if isinstance(file, FileUrl):
        return f"[{type(file).__name__}: {file.url[:_MOST_ADDRESS_CHARACTERS]}]"
    if isinstance(file, UploadedFile):
        return f"[UploadedFile: {file.file_id}]"
    return None


def _show_item(item: Any) -> Any:
    return item.content if isinstance(item, TextContent) else describe_file(item) or item


def _describe_files(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _describe_files(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_describe_files(each) for each in value]
    return describe_file(value) or value
