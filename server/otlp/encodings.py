"""How OTLP's requests and answers are written: protobuf, in binary or as JSON, perhaps in gzip.

https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from exchange.spans.reading import Export, read_json, read_protobuf
from resolvers.errors import Invalid
from server.http.media_types import JSON, is_json

PROTOBUF = "application/x-protobuf"
_GZIP = 16 + zlib.MAX_WBITS
_MOST_MEMBERS = 100
"""Of gzip's own pieces, of which a client makes one; each costs a copy of the rest."""


class TooLargeError(Exception):
    """What a compressed body holds is larger than a body may be."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One of the two encodings, which a request and its answer share."""

    media_type: str
    read: Callable[[bytes], Export]

    def write_response(self, rejected: int, message: str) -> bytes:
        """Write that an export was taken, but for some spans, and why not those."""
        if self.media_type == JSON:
            # protobuf writes 64-bit integers as text
            told = {"rejectedSpans": str(rejected), "errorMessage": message}
            return orjson.dumps({"partialSuccess": told} if rejected else {})
        response = ExportTraceServiceResponse()
        if rejected:
            response.partial_success.rejected_spans = rejected
            response.partial_success.error_message = message
        return response.SerializeToString()

    def write_status(self, message: str) -> bytes:
        """Write why a whole export was not taken."""
        if self.media_type == JSON:
            return orjson.dumps({"message": message})
        status: bytes = Status(message=message).SerializeToString()
        return status


AS_JSON = Encoding(JSON, read_json)
AS_PROTOBUF = Encoding(PROTOBUF, read_protobuf)


def encoding_of(content_type: bytes) -> Encoding | None:
    """Give the encoding that a Content-Type names; None for none of ours."""
    if is_json(content_type):
        return AS_JSON
    name = content_type.partition(b";")[0].strip().lower()
    return AS_PROTOBUF if name == PROTOBUF.encode() else None


def decompress(body: bytes, allowed: int) -> bytes:
    """Give what a gzip body holds (RFC 1952). Raises `Invalid`, and `TooLargeError` over a size."""
    pieces: list[bytes] = []
    left, rest = allowed, body
    try:
        while rest or not pieces:
            if len(pieces) == _MOST_MEMBERS:
                raise Invalid("The body must be gzip of fewer members.")
            member = zlib.decompressobj(_GZIP)
            piece = member.decompress(rest, left + 1)
            if len(piece) > left:
                raise TooLargeError
            if not member.eof:
                raise Invalid("The body must be whole gzip, as its content encoding says.")
            pieces.append(piece)
            left -= len(piece)
            rest = member.unused_data
    except zlib.error as error:
        raise Invalid("The body must be gzip, as its content encoding says.") from error
    return b"".join(pieces)
