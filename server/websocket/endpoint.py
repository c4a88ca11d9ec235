"""/graphql for WebSockets: who may open one, and what is spoken on it."""

import structlog
from starlette.types import Receive, Scope, Send
from uuid_utils import uuid4

from resolvers.errors import DomainError, Forbidden
from server.backend import Backend
from server.http.refusals import status_of
from server.http.request_record import Headers, authorization_of, read_headers
from server.open_streams import OpenStreams
from server.operations.answer import dump
from server.operations.errors import Limited
from server.operations.graphql_errors import format_error
from server.structured_logs import request_id
from server.websocket.connection import Connection
from server.websocket.messages import SUBPROTOCOL, CloseCode
from server.websocket.origins import is_allowed_origin
from server.websocket.socket import Socket

_log = structlog.get_logger()


class WebSocketEndpoint:
    """Serves operations over WebSockets (ASGI)."""

    def __init__(self, backend: Backend, streams: OpenStreams) -> None:
        self._backend = backend
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a handshake, and serve the socket until it is closed."""
        token = request_id.set(uuid4().hex)
        try:
            await receive()  # websocket.connect
            headers = read_headers(scope)
            self._check(scope, headers)
            socket = Socket(receive, send)
            connection = Connection(self._backend, socket, authorization_of(headers))
            with self._streams.open(connection.stop) as stream:
                if SUBPROTOCOL in scope["subprotocols"]:
                    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
                    await connection.serve(stream)
                else:
                    # refused like this, a client can tell why
                    await send({"type": "websocket.accept"})
                    code = CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE
                    await socket.close(code, "Subprotocol not acceptable")
        except DomainError as error:
            await _refuse(send, error)
        except OSError:
            pass  # the client went away in the handshake
        except Exception:
            _log.exception("internal error")
            raise
        finally:
            request_id.reset(token)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if not is_allowed_origin(headers, scope["scheme"], self._backend.settings.allowed_origins):
            raise Forbidden("Pages of this origin may not connect.")
        allowed = self._backend.settings.max_header_bytes
        if sum([len(name) + len(value) for name, value in scope["headers"]]) > allowed:
            raise Limited(f"The headers may have {allowed:,} bytes.")


async def _refuse(send: Send, error: DomainError) -> None:
    """Answer a handshake with an HTTP error."""
    _log.info("websocket refused", code=error.code, message=error.message)
    body = dump({"errors": [format_error(error, request_id.get())]})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send(
        {"type": "websocket.http.response.start", "status": status_of(error), "headers": headers}
    )
    await send({"type": "websocket.http.response.body", "body": body})
