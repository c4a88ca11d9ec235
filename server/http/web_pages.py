"""The pages for people, as `web/` was built: their HTML, and the files that it loads.

A file's name has the hash of its content, so browsers may keep it for good. It lies beside its
compressed forms, made when it was built. Where nothing was built a page says how to.
"""

from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Send

from server.http.media_types import HTML
from server.http.responses import send_bytes

BUILT = Path(__file__).parent.parent.parent / "web" / "dist"
GRAPHIQL = "graphiql"
EXPLORER = "explorer"
EXPLORER_PATHS = ("/", "/sessions", "/sessions/{id}", "/agents", "/agents/{id}", "/memories",
    "/memories/{id}", "/module-states/{id}")
"""The addresses that the explorer shows something at, by its own router."""
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_FOR_GOOD = "public, max-age=31536000, immutable"

_NOT_BUILT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sessiongraph</title>
<h1>Sessiongraph</h1>
<p>This page was not built. With Node 20 or newer, <code>make web</code> builds it; then start the
server again.</p>
<p>The API works all the same: send GraphQL to this address as JSON, for instance</p>
<pre>curl -H 'content-type: application/json' \\
  -d '{"query": "{ sessions { nodes { id title } } }"}' \\
  http://127.0.0.1:8000/graphql</pre>
</html>
"""

_DENIED_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
        # the editor writes style elements of its own
        "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": ", ".join(f"{feature}=()" for feature in _DENIED_FEATURES),
    "x-dns-prefetch-control": "off",
    "x-permitted-cross-domain-policies": "none",
}


@dataclass(frozen=True, slots=True)
class WebPages:
    """The built pages of a folder."""

    folder: Path = BUILT

    async def send(self, send: Send, name: str) -> None:
        """Send a page, such as `GRAPHIQL`."""
        await send_bytes(send, 200, HTML, self._html(name), {**_HEADERS, "vary": "accept"})

    def explorer(self, _request: Request) -> Response:
        """Answer a request for the explorer."""
        return Response(self._html(EXPLORER), media_type=HTML, headers=_HEADERS)

    def _html(self, name: str) -> bytes:
        file = self.folder / name / "index.html"
        return file.read_bytes() if file.is_file() else _NOT_BUILT.encode()

    def answer(self, request: Request) -> Response:
        """Answer a request for one of the files that the pages load."""
        file = self.folder / request.path_params["name"]
        media_type = guess_type(file.name)[0]
        if file.parent != self.folder or media_type is None or not file.is_file():
            raise HTTPException(404)
        # a worker's script is under a policy of its own
        headers = {**_HEADERS, "cache-control": _FOR_GOOD, "vary": "accept-encoding"}
        accepted = request.headers.get("accept-encoding", "")
        for encoding, suffix in _ENCODINGS:
            compressed = file.with_name(file.name + suffix)
            if encoding in accepted and compressed.is_file():
                headers["content-encoding"] = encoding
                return FileResponse(compressed, media_type=media_type, headers=headers)
        return FileResponse(file, media_type=media_type, headers=headers)
