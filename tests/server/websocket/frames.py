"""Bytes of WebSockets (RFC 6455), for clients that do not keep to it."""

import base64
import struct

KEY = base64.b64encode(b"0" * 16).decode()
HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
)
WHOLE = f"{HANDSHAKE}Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
TEXT, BINARY, CONTINUATION, CLOSE, PING = 1, 2, 0, 8, 9


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True) -> bytes:
    """Write a frame (section 5.2) with a mask of zeros."""
    first = (0x80 if fin else 0) | opcode
    mask_bit, mask = (0x80, bytes(4)) if masked else (0, b"")
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, mask_bit | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    return head + mask + payload


INIT = frame(TEXT, b'{"type":"connection_init"}')
