import re
from base64 import b64encode
from hashlib import sha256

from graphql import parse, validate

from schema import schema
from server.http.graphiql import DEFAULT_QUERY
from tests.server.http.toy_schema import toy_client

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_gets_the_page_and_nobody_else() -> None:
    async with toy_client() as client:
        page = await client.get("/graphql", headers=BROWSER)
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "The API works all the same" in page.text
        for accept in ("*/*", "application/json", "application/json, text/html"):
            response = await client.get("/graphql", headers={"accept": accept})
            assert response.headers["content-type"].startswith("application/json")


async def test_the_page_comes_with_introspection_only() -> None:
    async with toy_client(introspection=False) as client:
        response = await client.get("/graphql", headers={"accept": "text/html"})
        assert response.status_code == 406
    async with toy_client(host="0.0.0.0", introspection=True) as client:  # noqa: S104
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 200
    async with toy_client(host="0.0.0.0") as client:  # noqa: S104
        response = await client.get("/graphql", headers=BROWSER)
        assert response.headers["content-type"].startswith("application/json")


async def test_the_policy_allows_what_the_page_loads_and_no_more() -> None:
    async with toy_client() as client:
        page = await client.get("/graphql", headers=BROWSER)
    policy = page.headers["content-security-policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src https://unpkg.com 'sha256-{digest}'" in policy
    loaded = re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"(http[^\"]+)\"[^>]*>", page.text)
    assert len(loaded) == 4
    assert all(re.match(r"https://unpkg\.com/[\w-]+@\d+\.\d+\.\d+/", url) for url in loaded)
    assert page.text.count("integrity=") == 4
    assert not re.search(r"<[^>]+ on\w+=", page.text)


def test_the_first_query_is_valid() -> None:
    assert validate(schema._schema, parse(DEFAULT_QUERY)) == []


async def test_the_headers_are_those_that_owasp_names() -> None:
    """https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html"""
    everywhere = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
    on_the_page = {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "x-dns-prefetch-control": "off",
        "x-permitted-cross-domain-policies": "none",
    }
    async with toy_client() as client:
        page = await client.get("/graphql", headers=BROWSER)
        answer = await client.post("/graphql", json={"query": "{ hello }"})
    assert (everywhere | on_the_page).items() <= dict(page.headers).items()
    assert everywhere.items() <= dict(answer.headers).items()
    for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{feature}=()" in page.headers["permissions-policy"]
    policy = page.headers["content-security-policy"]
    for directive in ("default-src", "frame-ancestors", "base-uri", "form-action"):
        assert f"{directive} 'none'" in policy
        if directive != "default-src":
            assert f"{directive} 'none'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in re.findall("script-src[^;]*", policy)[0]
    assert "unsafe-eval" not in policy
    for told in ("server", "x-powered-by", "strict-transport-security", "set-cookie"):
        assert told not in page.headers
        assert told not in answer.headers
