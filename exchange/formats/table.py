"""The forms of files that can be imported, by name.

A further form is one more line in `FORMATS`: its `take` imports the lines of a file.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from exchange.archive.import_archive import import_archive, is_archive
from exchange.formats.anthropic_messages import anthropic_ties, is_anthropic, read_anthropic
from exchange.formats.chat_completions import is_chat, read_chat
from exchange.formats.langsmith_runs import is_langsmith, langsmith_ties, read_langsmith
from exchange.formats.openai_responses import is_response, read_responses, response_ties
from exchange.grouped_lines import first_object, import_grouped_lines
from exchange.json_lines import Line
from exchange.spans.import_file import import_exports, is_otlp
from exchange.transcripts import ImportedLine, import_each_line
from resolvers.context import Context
from resolvers.errors import Invalid

Take = Callable[[Context, Iterable[Line]], AsyncIterator[ImportedLine]]


@dataclass(frozen=True)
class Format:
    """A form of file: what it is, how its first object is known, and what imports its lines."""

    name: str
    about: str
    recognises: Callable[[dict[str, Any]], bool]
    take: Take


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            "chat-completions",
            "sessions with messages in the chat-completions form",
            lambda document: is_chat(document) and not is_anthropic(document),
            partial(import_each_line, read_chat),
        ),
        Format(
            "openai-responses",
            "responses or items of OpenAI's Responses API",
            is_response,
            partial(import_grouped_lines, response_ties, read_responses),
        ),
        Format(
            "anthropic-messages",
            "conversations, or requests with responses, of Anthropic's Messages API",
            is_anthropic,
            partial(import_grouped_lines, anthropic_ties, read_anthropic),
        ),
        Format(
            "langsmith-runs",
            "runs of LangSmith and LangGraph",
            is_langsmith,
            partial(import_grouped_lines, langsmith_ties, read_langsmith),
        ),
        Format(
            "sessiongraph",
            "what `sessiongraph export` wrote, restored as it was",
            is_archive,
            import_archive,
        ),
        Format("otlp", "OpenTelemetry spans of agents, exports in JSON", is_otlp, import_exports),
    )
}


def recognise(lines: Iterable[Line]) -> tuple[Format, Iterable[Line]]:
    """Tell the form of a file by its first line; give it with all lines. Raises `Invalid`."""
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        return next(iter(FORMATS.values())), ()
    document = first_object(first)
    found = [each for each in FORMATS.values() if document and each.recognises(document)]
    if len(found) != 1:
        told = "is of no form that is known" if not found else "may be of several forms"
        raise Invalid(f"The first line {told}. Give one of {', '.join(FORMATS)}.", field="format")
    return found[0], chain([first], rest)
