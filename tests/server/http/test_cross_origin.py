"""Which web pages may use the API."""

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from server.settings import Settings
from tests.server.test_metrics import client_of

ORIGIN = "https://dashboard.example"
ASKED = {
    "origin": ORIGIN,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}
QUERY = {"query": "{ __typename }"}


async def test_no_page_of_another_origin_may_use_the_api(engine: AsyncEngine) -> None:
    async with client_of(engine) as client:
        preflight = await client.options("/graphql", headers=ASKED)
        assert preflight.status_code == 405
        answer = await client.post("/graphql", json=QUERY, headers={"origin": ORIGIN})
        for response in (preflight, answer):
            assert not any(name.startswith("access-control-") for name in response.headers)


async def test_pages_of_the_allowed_origins_may(engine: AsyncEngine) -> None:
    async with client_of(engine, allowed_origins=[ORIGIN, "http://localhost:3000"]) as client:
        preflight = await client.options("/graphql", headers=ASKED)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        assert preflight.headers["access-control-allow-methods"] == "GET, POST"
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        assert preflight.headers["access-control-max-age"] == "600"
        answer = await client.post("/graphql", json=QUERY, headers={"origin": ORIGIN})
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-expose-headers"] == "retry-after, x-request-id"
        assert "origin" in answer.headers["vary"].lower()
        for response in (preflight, answer):
            assert "access-control-allow-credentials" not in response.headers
            assert response.headers["x-request-id"]


@pytest.mark.parametrize(
    "origin",
    ["https://other.example", "http://dashboard.example", f"{ORIGIN}.evil.example", "null"],
)
async def test_pages_of_other_origins_may_not(engine: AsyncEngine, origin: str) -> None:
    async with client_of(engine, allowed_origins=[ORIGIN]) as client:
        preflight = await client.options("/graphql", headers=ASKED | {"origin": origin})
        assert preflight.status_code == 400
        answer = await client.post("/graphql", json=QUERY, headers={"origin": origin})
        for response in (preflight, answer):
            assert "access-control-allow-origin" not in response.headers


def test_origins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSIONGRAPH_ALLOWED_ORIGINS", f"{ORIGIN}, http://[::1]:3000")
    assert Settings().allowed_origins == [ORIGIN, "http://[::1]:3000"]
    for wrong in ("*", "null", f"{ORIGIN}/", "dashboard.example", "https://*.example", "HTTPS://A"):
        monkeypatch.setenv("SESSIONGRAPH_ALLOWED_ORIGINS", wrong)
        with pytest.raises(ValidationError):
            Settings()
