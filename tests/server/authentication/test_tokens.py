"""Tokens of an OpenID Connect issuer."""

import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import time
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from resolvers.errors import Forbidden, Unauthenticated
from server.administration.project_deletion import delete_project
from server.administration.projects import create_project
from server.app import create_app
from server.authentication.authenticator import Authenticator
from server.settings import Settings
from tests.server.authentication.conftest import MakeKey
from tests.server.authentication.issuer import AUDIENCE, Issuer, encode, make_key
from tests.statements import recorded_statements

_READ = {Scope.READ}
_RECORD = {Scope.READ, Scope.RECORD}
_ADMIN = set(Scope)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "Ed25519"])
async def test_a_good_token(tokens: Authenticator, issuer: Issuer, algorithm: str) -> None:
    issuer.keys = [make_key("other"), make_key("this", algorithm)]
    end = int(time()) + 60
    caller = await tokens.caller(f"Bearer {issuer.sign(issuer.keys[1], exp=end)}")
    assert caller.project_id == 1
    assert caller.scopes == _RECORD
    assert caller.identity == (issuer.url, "somebody")
    assert caller.name == "somebody"
    assert caller.expires_at is not None
    assert caller.expires_at - datetime.fromtimestamp(end, UTC) <= timedelta(minutes=1)
    assert await tokens.is_valid(caller)


async def test_a_token_is_verified_once(
    tokens: Authenticator, issuer: Issuer, engine: AsyncEngine
) -> None:
    token = issuer.sign()
    first = await tokens.caller(f"Bearer {token}")
    await issuer.stop()
    issuer.keys.clear()
    async with recorded_statements(engine) as statements:
        assert await tokens.caller(f"Bearer {token}") == first
    assert statements == []
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_clocks_may_differ_a_little(tokens: Authenticator, issuer: Issuer) -> None:
    ended = int(time()) - 5
    caller = await tokens.caller(f"Bearer {issuer.sign(exp=ended, nbf=ended, iat=time() + 5)}")
    assert await tokens.is_valid(caller)


async def test_a_request_with_a_token(engine: AsyncEngine, issuer: Issuer) -> None:
    app = create_app(Settings(oidc_issuer=issuer.url, oidc_audience=AUDIENCE), engine)
    transport = httpx2.ASGITransport(app=app)
    create = {"query": "mutation { createSession(input: {}) { created } }"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:

        async def send(token: str) -> httpx2.Response:
            return await http.post(
                "/graphql", json=create, headers={"authorization": f"Bearer {token}"}
            )

        answer = await http.post("/graphql", json=create)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        token = issuer.sign()
        assert (await send(token)).json() == {"data": {"createSession": {"created": True}}}
        answer = await send(issuer.sign(scope="sessiongraph:read"))
        assert answer.json()["errors"][0]["message"] == (
            "`createSession` needs the scope `record`; this token has `read`."
        )
        assert (await send(issuer.sign(aud="another"))).status_code == 401
        assert (await send(issuer.sign(sessiongraph_project="nowhere"))).status_code == 403
        assert token not in answer.text


async def test_a_request_with_a_token_while_the_issuer_is_away(
    engine: AsyncEngine, issuer: Issuer
) -> None:
    app = create_app(Settings(oidc_issuer=issuer.url, oidc_audience=AUDIENCE), engine)
    transport = httpx2.ASGITransport(app=app)
    await issuer.stop()
    bearer = {"authorization": f"Bearer {issuer.sign()}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers=bearer)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_a_deleted_project_is_opened_by_no_token(
    engine: AsyncEngine, tokens: Authenticator, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("server.authentication.lookup.monotonic", lambda: now)
    async with engine.begin() as connection:
        await create_project(connection, "other")
    token = issuer.sign(sessiongraph_project="other")
    await tokens.caller(f"Bearer {token}")
    await delete_project(engine, "other", lambda table, rows: None)
    now = 5.1
    with pytest.raises(Forbidden):
        await tokens.caller(f"Bearer {token}")


async def test_keys_go_on_beside_tokens(tokens: Authenticator, make_key: MakeKey) -> None:
    caller = await tokens.caller(f"Bearer {await make_key()}")
    assert caller.name == "test"
    with pytest.raises(Unauthenticated):
        await tokens.caller(None)


_NOT_ACCEPTED: list[tuple[dict[str, Any], str]] = [
    ({"exp": 0}, "expired"),
    ({"exp": None}, "`exp`"),
    ({"exp": "tomorrow"}, "`exp`"),
    ({"nbf": time() + 3_600}, "`nbf`"),
    ({"iat": time() + 3_600}, "`iat`"),
    ({"aud": "another"}, "`aud`"),
    ({"aud": ["another"]}, "`aud`"),
    ({"aud": None}, "`aud`"),
    ({"iss": "http://127.0.0.1"}, "`iss`"),
    ({"iss": None}, "`iss`"),
    ({"sub": None}, "`sub`"),
    ({"sub": 1}, "`sub`"),
    ({"sub": "a\nb"}, "`sub`"),
    ({"sub": "x" * 256}, "`sub`"),
]


async def test_a_claim_that_is_not_accepted(tokens: Authenticator, issuer: Issuer) -> None:
    for claims, message in _NOT_ACCEPTED:
        with pytest.raises(Unauthenticated, match=message):
            await tokens.caller(f"Bearer {issuer.sign(**claims)}")


_ACCEPTED: list[tuple[dict[str, Any], set[Scope]]] = [
    ({"aud": ["another", AUDIENCE]}, _RECORD),
    ({"exp": 10**30}, _RECORD),
    ({"scope": "sessiongraph:read"}, _READ),
    ({"scope": "sessiongraph:admin sessiongraph:read"}, _ADMIN),
    ({"scope": ["openid", "sessiongraph:record", 1, []]}, _RECORD),
]


async def test_a_claim_that_is_accepted(tokens: Authenticator, issuer: Issuer) -> None:
    for claims, scopes in _ACCEPTED:
        assert (await tokens.caller(f"Bearer {issuer.sign(**claims)}")).scopes == scopes


_OPENING_NOTHING: list[dict[str, Any]] = [
    {"scope": None},
    {"scope": "admin read sessiongraph:nonsense"},
    {"scope": 1},
    {"scope": {"sessiongraph:read": 1}},
    {"sessiongraph_project": None},
    {"sessiongraph_project": 1},
    {"sessiongraph_project": "nowhere"},
    {"sessiongraph_project": "a\0"},
]


async def test_a_token_that_opens_nothing(tokens: Authenticator, issuer: Issuer) -> None:
    for claims in _OPENING_NOTHING:
        with pytest.raises(Forbidden):
            await tokens.caller(f"Bearer {issuer.sign(**claims)}")


async def test_claims_have_the_names_of_the_settings(engine: AsyncEngine, issuer: Issuer) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "other")
    settings = Settings(
        oidc_issuer=issuer.url,
        oidc_audience=AUDIENCE,
        oidc_project_claim="https://example.com/project",
        oidc_scope_claim="roles",
        oidc_jwks_url=f"{issuer.url}/keys",
    )
    claims: dict[str, Any] = {
        "https://example.com/project": "other",
        "roles": ["sessiongraph:read"],
    }
    caller = await Authenticator(engine, settings).caller(f"Bearer {issuer.sign(**claims)}")
    assert caller.project_id != 1
    assert caller.scopes == _READ
    assert issuer.asked == ["/keys"]


def _symmetric(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    signed = f"{encode(header)}.{encode(claims)}"
    signature = hmac.new(secret, signed.encode(), sha256).digest()
    return f"{signed}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_a_signature_that_proves_nothing(tokens: Authenticator, issuer: Issuer) -> None:
    key = make_key("rsa", "RS256")
    issuer.keys = [key]
    good = issuer.sign()
    header, claims, signature = good.split(".")
    whole = {"iss": issuer.url, "aud": AUDIENCE, "sub": "x", "exp": time() + 60}
    public = key.as_pem(private=False)  # type: ignore[union-attr]
    forged = [
        f"{encode({'alg': 'none'})}.{claims}.",
        f"{encode({'alg': 'none', 'kid': 'rsa'})}.{claims}.{signature}",
        f"{encode({'alg': 'nOnE', 'kid': 'rsa'})}.{claims}.",
        _symmetric({"alg": "HS256", "kid": "rsa"}, whole, public),
        _symmetric({"alg": "HS256", "kid": "rsa", "jwk": {"kty": "oct"}}, whole, b""),
        f"{encode({'alg': 'ES256', 'kid': 'rsa'})}.{claims}.{signature}",
        f"{encode({'alg': 'PS256', 'kid': 'rsa'})}.{claims}.{signature}",
        f"{header}.{encode(whole)}.{signature}",
        f"{header}.{claims}.",
        issuer.sign(make_key("rsa", "RS256")),
        issuer.sign(key, {"typ": "logout+jwt"}),
        f"{encode({'alg': 'RS256', 'kid': 1})}.e30.",
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await tokens.caller(f"Bearer {token}")
    assert (await tokens.caller(f"Bearer {good}")).project_id == 1
    assert (await tokens.caller(f"Bearer {issuer.sign(key, {'typ': 'at+JWT'})}")).project_id == 1


_GARBAGE = [
    "a",
    "..",
    "a.b.c",
    "e30.e30.e30",
    "x" * 8_001,
    "🙂",
    f"{encode([])}.e30.e30",
    f"{encode('alg')}.e30.e30",
    f"{encode({'alg': ['RS256']})}.e30.e30",
    f"{encode({'alg': 'RS256', 'typ': 1})}.e30.e30",
    f"{encode({'alg': 'RS256', 'crit': ['b64'], 'b64': False})}.e30.e30",
    "W" + "1tb" * 2_000 + ".e30.e30",
]


async def test_garbage_is_refused_before_anybody_is_asked(
    tokens: Authenticator, issuer: Issuer
) -> None:
    for token in _GARBAGE:
        with pytest.raises(Unauthenticated):
            await tokens.caller(f"Bearer {token}")
    assert issuer.asked == []


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": "http://issuer.example", "oidc_audience": "a"},
        {"oidc_issuer": "issuer", "oidc_audience": "a"},
        {"oidc_issuer": "https://issuer.example"},
        {
            "oidc_issuer": "https://issuer.example",
            "oidc_audience": "a",
            "oidc_jwks_url": "http://issuer.example/keys",
        },
    ],
)
def test_settings_that_would_not_be_safe(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="oidc"):
        Settings(**settings)
