"""The GraphiQL page, for people: https://github.com/graphql/graphiql.

React and GraphiQL come from a CDN, pinned by version and hash; the content security policy allows
that host alone. Without JavaScript or the CDN the page says so.
"""

from base64 import b64encode
from hashlib import sha256
from json import dumps

from starlette.types import Send

from server.http.media_types import HTML
from server.http.responses import send_bytes

_CDN = "https://unpkg.com"

DEFAULT_QUERY = """\
# The newest sessions, each with all the sessions below it and its last messages.
query SessionTree {
  sessions(first: 10) {
    nodes {
      id
      sessionId
      title
      status
      agent {
        name
      }
      descendants {
        nodes {
          id
          depth
          title
        }
      }
      messages(last: 3) {
        nodes {
          role
          content
          toolCalls {
            nodes {
              toolName
              status
            }
          }
        }
      }
    }
  }
}
"""

_SCRIPT = f"""
const page = document.getElementById("graphiql");
if (window.React && window.ReactDOM && window.GraphiQL) {{
  const fetcher = GraphiQL.createFetcher({{ url: window.location.pathname }});
  const defaultQuery = {dumps(DEFAULT_QUERY)};
  ReactDOM.createRoot(page).render(
    React.createElement(GraphiQL, {{ fetcher, defaultQuery, defaultEditorToolsVisibility: true }})
  );
}} else {{
  document.getElementById("state").textContent =
    "GraphiQL could not be loaded from {_CDN}: this page needs the internet.";
}}
"""

_PAGE = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sessiongraph</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" crossorigin="anonymous" href="{_CDN}/graphiql@3.8.3/graphiql.min.css"
  integrity="sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM">
<style>
body {{ margin: 0; font-family: system-ui, sans-serif; }}
#graphiql {{ height: 100vh; }}
.plain {{ margin: 2rem; max-width: 40rem; }}
</style>
</head>
<body>
<div id="graphiql">
<div class="plain">
<h1>Sessiongraph</h1>
<p id="state">Loading GraphiQL…</p>
<noscript><p>GraphiQL needs JavaScript.</p></noscript>
<p>The API works all the same: send GraphQL to this address as JSON, for instance</p>
<pre>curl -H 'content-type: application/json' \\
  -d '{{"query": "{{ sessions {{ nodes {{ id title }} }} }}"}}' \\
  http://127.0.0.1:8000/graphql</pre>
</div>
</div>
<script crossorigin="anonymous" src="{_CDN}/react@18.2.0/umd/react.production.min.js"
  integrity="sha384-tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8"></script>
<script crossorigin="anonymous" src="{_CDN}/react-dom@18.2.0/umd/react-dom.production.min.js"
  integrity="sha384-bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh"></script>
<script crossorigin="anonymous" src="{_CDN}/graphiql@3.8.3/graphiql.min.js"
  integrity="sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie"></script>
<script>{_SCRIPT}</script>
</body>
</html>
"""

_SCRIPT_HASH = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
_HEADERS = {
    "vary": "accept",
    "content-security-policy": (
        f"default-src 'none'; script-src {_CDN} 'sha256-{_SCRIPT_HASH}'; "
        # GraphiQL's editor writes style elements of its own
        f"style-src {_CDN} 'unsafe-inline'; font-src data: {_CDN}; img-src data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": ", ".join(
        f"{feature}=()"
        for feature in (
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
    ),
    "x-dns-prefetch-control": "off",
    "x-permitted-cross-domain-policies": "none",
}


async def send_graphiql(send: Send) -> None:
    """Send the page."""
    await send_bytes(send, 200, HTML, _PAGE.encode(), _HEADERS)
