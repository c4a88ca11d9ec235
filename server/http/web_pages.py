"""The pages for people, as `web/` was built: their HTML, and the files that it loads.

A file's name has the hash of its content, so browsers may keep it for good. Beside it lie its
compressed forms, made when it was built. Where nothing was built a page says how to.
"""

import html
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope, Send

from server.http.media_types import HTML
from server.http.responses import send_bytes

BUILT = Path(__file__).parent.parent.parent / "web" / "dist"
"""Where `make web` writes."""
EXPLORER_PATHS = (
    "/",
    "/sessions",
    "/sessions/{id}",
    "/agents",
    "/agents/{id}",
    "/memories",
    "/memories/{id}",
    "/module-states/{id}",
)
"""The addresses at which the explorer shows something, by its own router."""
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".ttf": "font/ttf"}
_GRAPHIQL_IS_SERVED = b'<meta name="graphiql" content="served">'
"""What the explorer looks for in its HTML."""
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""The suffixes of compressed forms by their content encoding, the smallest form first."""
_FOR_GOOD = "public, max-age=31536000, immutable"

_NOT_BUILT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sessiongraph</title>
<h1>Sessiongraph</h1>
<p>This page was not built. With Node 20.19 or newer, <code>make web</code> builds it; then start
the server again.</p>
<p>The API works all the same: send GraphQL to <code>/graphql</code> as JSON, for instance</p>
<pre>curl -H 'content-type: application/json' \\
  -d '{{"query": "{{ sessions {{ nodes {{ id title }} }} }}"}}' \\
  {address}graphql</pre>
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
# a worker's script is under a policy of its own, so files have these headers too
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
class _File:
    """A built file, and its compressed forms by their content encoding."""

    content: bytes
    media_type: str
    compressed: dict[str, bytes]


class WebPages:
    """The built pages of a folder, which is read once.

    Without `has_graphiql` the explorer has no link to GraphiQL.
    """

    def __init__(self, folder: Path = BUILT, *, has_graphiql: bool = True) -> None:
        self._graphiql = _read_page(folder / "graphiql" / "index.html")
        self._explorer = _read_page(folder / "explorer" / "index.html")
        if not has_graphiql:
            self._explorer = self._explorer and self._explorer.replace(_GRAPHIQL_IS_SERVED, b"")
        self._files = _read_files(folder)

    @property
    def routes(self) -> list[Route]:
        """The paths of the explorer, and of the files that all pages load."""
        return [
            Route("/assets/{name}", self._answer_file),
            *[Route(path, self._answer_explorer) for path in EXPLORER_PATHS],
        ]

    async def send_graphiql(self, scope: Scope, send: Send) -> None:
        """Send GraphiQL, in the place of an answer to a GraphQL request."""
        page = self._graphiql or _tell_how_to_build(Request(scope))
        await send_bytes(send, 200, HTML, page, {**_HEADERS, "vary": "accept"})

    # they wait for nothing, neither a thread nor the disk

    async def _answer_explorer(self, request: Request) -> Response:
        page = self._explorer or _tell_how_to_build(request)
        return Response(page, media_type=HTML, headers=_HEADERS)

    async def _answer_file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("Not Found", 404)
        headers = {**_HEADERS, "cache-control": _FOR_GOOD, "vary": "accept-encoding"}
        content = file.content
        accepted = _accepted_encodings(request)
        for encoding, compressed in file.compressed.items():
            if encoding in accepted:
                headers["content-encoding"] = encoding
                content = compressed
                break
        return Response(content, media_type=file.media_type, headers=headers)


def _read_page(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _tell_how_to_build(request: Request) -> bytes:
    return _NOT_BUILT.format(address=html.escape(str(request.base_url))).encode()


def _read_files(folder: Path) -> dict[str, _File]:
    """Read what pages load, by name."""
    paths = {path.name: path for path in folder.glob("*") if path.is_file()}
    return {
        name: _File(
            path.read_bytes(),
            _MEDIA_TYPES[path.suffix],
            {
                encoding: paths[name + suffix].read_bytes()
                for encoding, suffix in _ENCODINGS.items()
                if name + suffix in paths
            },
        )
        for name, path in paths.items()
        if path.suffix in _MEDIA_TYPES
    }


def _accepted_encodings(request: Request) -> set[str]:
    """Read what a client takes; of the weights only that tells which is 0: none of it."""
    accepted = set()
    for item in request.headers.get("accept-encoding", "").split(","):
        encoding, _, weight = item.partition(";")
        if not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight):
            accepted.add(encoding.strip().lower())
    return accepted
