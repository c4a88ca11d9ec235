"""The pages for people, of a small folder that is like what `make web` writes."""

import gzip
import re
from pathlib import Path

import httpx2
import pytest
from graphql import build_schema, parse, validate
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.http.web_pages import EXPLORER_PATHS, WebPages
from server.settings import Settings
from tests.conftest import client_of_app
from tests.server.http.toy_schema import toy_client

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ROOT = Path(__file__).parent.parent.parent.parent
SCRIPT = b"console.log(1)"
LINK = b'<meta name="graphiql" content="served">'
FILES = {
    "graphiql/index.html": b"<title>GraphiQL</title>",
    "explorer/index.html": b"<title>Explorer</title>" + LINK,
    "main-1a2b.js": SCRIPT,
    "main-1a2b.js.br": b"as brotli",
    "main-1a2b.js.gz": gzip.compress(SCRIPT),
    "style-3c4d.css": b"body {}",
    "icons-5e6f.ttf": b"font",
    "notes.md": b"not for browsers",
}
EXPLORER = FILES["explorer/index.html"].decode()


@pytest.fixture
def pages(tmp_path: Path) -> WebPages:
    folder = tmp_path / "dist"
    for name, content in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (tmp_path / "secret.js").write_text("secret")
    return WebPages(folder)


async def test_a_browser_gets_graphiql_and_nobody_else(pages: WebPages) -> None:
    async with toy_client(pages=pages) as client:
        page = await client.get("/graphql", headers=BROWSER)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["vary"] == "accept"
        assert page.text == "<title>GraphiQL</title>"
        for accept in ("*/*", "application/json", "application/json, text/html"):
            response = await client.get("/graphql", headers={"accept": accept})
            assert response.headers["content-type"].startswith("application/json")


async def test_graphiql_comes_with_introspection_only() -> None:
    async with toy_client(introspection=False) as client:
        response = await client.get("/graphql", headers={"accept": "text/html"})
        assert response.status_code == 406
    async with toy_client(host="0.0.0.0", introspection=True) as client:  # noqa: S104
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 200
    async with toy_client(host="0.0.0.0") as client:  # noqa: S104
        response = await client.get("/graphql", headers=BROWSER)
        assert response.headers["content-type"].startswith("application/json")


async def test_the_explorer_is_at_each_of_its_addresses(pages: WebPages) -> None:
    async with toy_client(pages=pages, introspection=False) as client:
        for path in EXPLORER_PATHS:
            page = await client.get(path.replace("{id}", "session_1"))
            assert (page.status_code, page.text) == (200, EXPLORER)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
        head = await client.head("/")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(EXPLORER))
        assert (await client.post("/")).status_code == 405
        assert (await client.get("/elsewhere")).status_code == 404


async def test_the_explorer_links_to_graphiql_where_it_is(pages: WebPages, tmp_path: Path) -> None:
    without = WebPages(tmp_path / "dist", has_graphiql=False)
    for each, html in ((pages, EXPLORER), (without, "<title>Explorer</title>")):
        async with toy_client(pages=each) as client:
            assert (await client.get("/")).text == html
    source = ROOT / "web" / "explorer" / "index.html"
    assert LINK in source.read_bytes()


def test_the_server_knows_the_addresses_of_the_explorers_router() -> None:
    router = (ROOT / "web" / "explorer" / "router.tsx").read_text()
    paths = re.findall(r'path: "(/[^"]*)"', router)
    assert [re.sub(r"\$\w+", "{id}", path) for path in paths] == list(EXPLORER_PATHS)


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"as brotli"),
        ("br;q=0.5, GZIP;q=1", "br", b"as brotli"),
        ("gzip, br;q=0", "gzip", SCRIPT),
        ("br; q=0.000 , gzip", "gzip", SCRIPT),
        ("brotli", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
async def test_a_client_gets_the_smallest_form_that_it_takes(
    pages: WebPages, accepted: str, encoding: str | None, body: bytes
) -> None:
    async with toy_client(pages=pages) as client:
        url = "/assets/main-1a2b.js"
        async with client.stream("GET", url, headers={"accept-encoding": accepted}) as response:
            assert response.status_code == 200
            assert response.headers.get("content-encoding") == encoding
            assert response.headers["content-type"] == "text/javascript; charset=utf-8"
            assert response.headers["vary"] == "accept-encoding"
            sent = b"".join([piece async for piece in response.aiter_raw()])
            assert (gzip.decompress(sent) if encoding == "gzip" else sent) == body


async def test_hashed_names_are_kept_for_good(pages: WebPages) -> None:
    async with toy_client(pages=pages) as client:
        for name, media_type in (
            ("main-1a2b.js", "text/javascript; charset=utf-8"),
            ("style-3c4d.css", "text/css; charset=utf-8"),
            ("icons-5e6f.ttf", "font/ttf"),
        ):
            response = await client.get(f"/assets/{name}")
            assert response.headers["content-type"] == media_type
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            head = await client.head(f"/assets/{name}", headers={"accept-encoding": ""})
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == str(len(FILES[name]))
        for page in (await client.get("/graphql", headers=BROWSER), await client.get("/")):
            assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/other-1a2b.js",
        "/assets/notes.md",
        "/assets/main-1a2b.js.br",
        "/assets/graphiql",
        "/assets/graphiql/index.html",
        "/assets/../secret.js",
        "/assets/%2e%2e/secret.js",
        "/assets/..%2fsecret.js",
        "/assets/..%5csecret.js",
        "/assets/%2e%2e%2fsecret.js",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/main-1a2b.js%00",
    ],
)
async def test_nothing_else_is_served(pages: WebPages, path: str) -> None:
    async with toy_client(pages=pages) as client:
        response = await client.get(
            httpx2.URL("http://testserver").copy_with(raw_path=path.encode())
        )
        assert response.status_code == 404
        assert "secret" not in response.text


async def test_without_a_build_a_page_says_how_to(tmp_path: Path) -> None:
    async with toy_client(pages=WebPages(tmp_path / "dist")) as client:
        for page in (await client.get("/graphql", headers=BROWSER), await client.get("/")):
            assert page.status_code == 200
            assert "make web" in page.text
            assert "The API works all the same" in page.text
            assert "<script" not in page.text
            assert "http://testserver/graphql</pre>" in page.text
        other = await client.get("/", headers={"host": "agents.example:8443"})
        assert "http://agents.example:8443/graphql</pre>" in other.text
        hostile = await client.get("/", headers={"host": "<b>"})
        assert "<b>" not in hostile.text


async def test_the_application_serves_them(engine: AsyncEngine) -> None:
    for settings, status in (
        (Settings(insecure=True, introspection=False), 200),
        (Settings(insecure=False, database_url="postgresql://set"), 200),
        (Settings(insecure=True, trusted_documents_only=True), 404),
    ):
        async with client_of_app(create_app(settings, engine)) as client:
            client.base_url = httpx2.URL("http://localhost")
            assert (await client.get("/")).status_code == status


async def test_the_headers_are_those_that_owasp_names(pages: WebPages) -> None:
    """https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html"""
    everywhere = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
    }
    on_pages = {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "x-dns-prefetch-control": "off",
        "x-permitted-cross-domain-policies": "none",
    }
    async with toy_client(pages=pages) as client:
        served = [
            await client.get("/graphql", headers=BROWSER),
            await client.get("/"),
            await client.get("/assets/main-1a2b.js"),
        ]
        answer = await client.post("/graphql", json={"query": "{ hello }"})
    assert everywhere.items() <= dict(answer.headers).items()
    assert answer.headers["cache-control"] == "no-store"
    for page in served:
        assert (everywhere | on_pages).items() <= dict(page.headers).items()
        for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
            assert f"{feature}=()" in page.headers["permissions-policy"]
    for response in (*served, answer):
        policies = response.headers.get_list("content-security-policy")
        assert len(policies) == 1
        for directive in ("default-src", "frame-ancestors", "base-uri", "form-action"):
            assert f"{directive} 'none'" in policies[0]
        for told in ("server", "x-powered-by", "strict-transport-security", "set-cookie"):
            assert told not in response.headers


async def test_pages_load_from_this_server_alone_and_run_no_text(pages: WebPages) -> None:
    async with toy_client(pages=pages) as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    assert directives["script-src"] == directives["worker-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    sources = {source for each in directives.values() for source in each.split()}
    assert sources == {"'none'", "'self'", "data:", "'unsafe-inline'"}


def _documents() -> dict[str, str]:
    """Every GraphQL document of the pages; the explorer's are one, since they share fragments."""
    web = ROOT / "web"
    tabs = (web / "graphiql" / "tabs").glob("*.graphql")
    sources = [
        file.read_text()
        for file in (web / "explorer").rglob("*.ts*")
        if ".generated" not in file.parts
    ]
    texts = [
        text for source in sources for text in re.findall(r"graphql\(`(.*?)`", source, re.DOTALL)
    ]
    assert len(texts) > 10
    return {file.name: file.read_text() for file in tabs} | {"explorer": "\n".join(texts)}


def test_each_document_is_valid() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    documents = _documents()
    assert len(documents) == 11
    for place, document in documents.items():
        assert validate(schema, parse(document)) == [], place
