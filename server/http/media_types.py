"""Media types as RFC 9110 writes them, and the choice of a response's.

https://www.rfc-editor.org/rfc/rfc9110#name-media-type
https://http-spec.graphql.org
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE = re.compile(rf"[ \t]*({_WORD})/({_WORD})")
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*"))?')
_END = re.compile(r"[ \t]*(,|$)")
_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True)
class MediaType:
    """A media type or range in lower case, with its parameters."""

    name: str
    parameters: dict[str, str]


def _parse(header: str) -> Iterator[MediaType | None]:
    """Read a list of media types; None stands for what is malformed, and ends it."""
    position = 0
    while position < len(header):
        found = _MEDIA_TYPE.match(header, position)
        if found is None:
            yield None
            return
        position = found.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            name, value = parameter.groups()
            if name:
                quoted = value.startswith('"')
                text = re.sub(r"\\(.)", r"\1", value[1:-1]) if quoted else value
                parameters[name.lower()] = text.lower()
        end = _END.match(header, position)
        if end is None:
            yield None
            return
        position = end.end()
        yield MediaType(f"{found[1]}/{found[2]}".lower(), parameters)


@lru_cache(64)
def is_json(content_type: bytes) -> bool:
    """Tell whether a Content-Type says JSON in UTF-8, and nothing else."""
    media_types = list(_parse(content_type.decode("latin-1")))
    if len(media_types) != 1 or media_types[0] is None:
        return False
    media_type = media_types[0]
    return media_type.name == JSON and media_type.parameters in ({}, {"charset": "utf-8"})


@lru_cache(256)
def negotiate(
    accept: bytes | None, *, html: bool = False, event_stream: bool = False
) -> str | None:
    """Choose a response's media type by an Accept header; None where it allows none of ours.

    JSON goes to whoever names no type, since a client that knows GraphQL's own type asks for it.
    `html` says that there is a page as well, and `event_stream` that there are streams, for
    whoever prefers them.
    """
    if accept is None or not accept.strip():
        return JSON
    parsed = _parse(accept.decode("latin-1"))
    ranges = [media_range for media_range in parsed if media_range is not None]
    named = any(media_range.name == GRAPHQL_RESPONSE for media_range in ranges)
    # the earlier offer wins between equals
    offers = [GRAPHQL_RESPONSE, JSON] if named else [JSON, GRAPHQL_RESPONSE]
    if html:
        offers.append(HTML)
    if event_stream:
        offers.append(EVENT_STREAM)
    best = max(offers, key=lambda offer: _weight(offer, ranges))
    return best if _weight(best, ranges) > (0, False) else None


def _weight(offer: str, ranges: list[MediaType]) -> tuple[float, bool]:
    """Give the weight of an offer by the most specific range, and whether it is named there."""
    kind = offer.partition("/")[0]
    for name in (offer, f"{kind}/*", "*/*"):
        weights = [_quality(item) for item in ranges if item.name == name and _suits(item)]
        if weights:
            return max(weights), name == offer and max(weights) > 0
    return 0, False


def _quality(media_range: MediaType) -> float:
    text = media_range.parameters.get("q", "1")
    return float(text) if _WEIGHT.fullmatch(text) else 0


def _suits(media_range: MediaType) -> bool:
    parameters = {name for name in media_range.parameters if name not in ("q", "charset")}
    return not parameters and media_range.parameters.get("charset", "utf-8") == "utf-8"
