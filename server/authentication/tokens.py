"""Callers by a token: a JWT (RFC 7519, 9068) that an OpenID Connect issuer signed.

A token is verified once and its claims are kept until it ends. What a client reads of a refusal
never repeats what stands in the token.
"""

import warnings
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import (
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    SecurityWarning,
)
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from execution.bounded_cache import BoundedCache
from models import Project, Scope
from resolvers.errors import Forbidden, Unauthenticated
from server.authentication import CLOCK_LEEWAY
from server.authentication.lookup import Lookup
from server.authentication.signing_keys import SigningKeys
from server.caller import Caller
from server.settings import Settings

_RSA_AND_EC = {f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)}
_ALGORITHMS = frozenset(_RSA_AND_EC | {"EdDSA", "Ed25519", "Ed448"})
"""Signatures by a private key: a secret that is shared, or none at all, proves nothing here."""
_TYPES = frozenset({"jwt", "at+jwt"})
_MAX_CHARACTERS = 8_000
_MAX_KEPT = 10_000
_MAX_SUBJECT_CHARACTERS = 255  # OpenID Connect Core 1.0, section 2
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_SCOPE_PREFIX = "sessiongraph:"


class _Registry(JWSRegistry):
    max_header_length = 4_000


@dataclass(frozen=True, slots=True)
class _Verified:
    subject: str
    project: str
    scopes: frozenset[Scope]
    expires_at: datetime


class Tokens:
    """Finds the callers of an issuer's tokens."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        assert settings.oidc_issuer is not None  # noqa: S101  there is no issuer to believe
        self._engine = engine
        self._issuer = settings.oidc_issuer
        self._settings = settings
        self._keys = SigningKeys(settings.oidc_issuer, settings.oidc_jwks_url)
        self._projects: Lookup[int] = Lookup(self._read_projects)
        self._registry = _Registry(algorithms=_ALGORITHMS, strict_check_header=False)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=int(CLOCK_LEEWAY.total_seconds()),
            iss={"essential": True, "value": settings.oidc_issuer},
            aud={"essential": True, "value": settings.oidc_audience or ""},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._verified: BoundedCache[bytes, _Verified] = BoundedCache(_MAX_KEPT, _MAX_KEPT)

    async def caller(self, token: str) -> Caller:
        """Find whose a token is.

        Raises `Unauthenticated` for one that is malformed, of somebody else or for somebody else,
        or that has expired; `Forbidden` where it opens no project here; `Unavailable` where the
        issuer is away; and what the database raised.
        """
        verified = await self._verify(token)
        project_id = await self._projects.find(verified.project)
        if project_id is None:
            raise Forbidden(
                f"The project that this token names in `{self._settings.oidc_project_claim}` is "
                "not here."
            )
        return Caller(
            project_id,
            verified.scopes,
            identity=(self._issuer, verified.subject),
            name=verified.subject,
            expires_at=verified.expires_at,
        )

    async def _verify(self, token: str) -> _Verified:
        if len(token) > _MAX_CHARACTERS:
            raise Unauthenticated(f"A token has at most {_MAX_CHARACTERS:,} characters.")
        identity = sha256(token.encode()).digest()
        kept = self._verified.get(identity)
        if kept is None:
            key_id = _read_key_id(token)
            key = await self._keys.find(key_id)
            if key is None:
                raise Unauthenticated("This token is signed by no key of the configured issuer.")
            kept = self._read_claims(self._decode(token, key))
            self._verified.keep(identity, kept, 1)
        if kept.expires_at <= datetime.now(UTC):
            raise Unauthenticated("This token has expired.")
        return kept

    def _decode(self, token: str, key: Key) -> dict[str, Any]:
        try:
            with warnings.catch_warnings():
                # RFC 9864 gave EdDSA newer names; many issuers sign with the old one
                warnings.simplefilter("ignore", SecurityWarning)
                claims = jwt.decode(token, key, registry=self._registry).claims
            self._claims.validate(claims)
        except ExpiredTokenError as error:
            raise Unauthenticated("This token has expired.") from error
        except (MissingClaimError, InvalidClaimError) as error:
            claim = error.claim.partition(",")[0]
            raise Unauthenticated(f"This token's claim `{claim}` is not accepted here.") from error
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated("This token is not signed by the configured issuer.") from error
        return claims

    def _read_claims(self, claims: dict[str, Any]) -> _Verified:
        subject = claims["sub"]
        if not subject.isprintable() or not 0 < len(subject) <= _MAX_SUBJECT_CHARACTERS:
            raise Unauthenticated("This token's claim `sub` is not accepted here.")
        project = claims.get(self._settings.oidc_project_claim)
        if not isinstance(project, str) or not project.isprintable():
            raise Forbidden(
                "This token opens no project: its claim "
                f"`{self._settings.oidc_project_claim}` must be the name of one."
            )
        scopes = _read_scopes(claims.get(self._settings.oidc_scope_claim))
        if not scopes:
            raise Forbidden(
                f"This token allows nothing: its claim `{self._settings.oidc_scope_claim}` must "
                "have `sessiongraph:read`, `sessiongraph:record` or `sessiongraph:admin`."
            )
        return _Verified(subject, project, scopes, _read_end(claims["exp"]))

    async def _read_projects(self, names: list[str]) -> dict[str, int]:
        statement = select(Project.name, Project.id).where(
            Project.name.in_(names), Project.deleted_at.is_(None)
        )
        async with self._engine.connect() as connection:
            return {row.name: row.id for row in await connection.execute(statement)}


def _read_key_id(token: str) -> str | None:
    """Read the id of the key that signed a token. Raises `Unauthenticated`."""
    encoded = token.partition(".")[0]
    try:
        header = orjson.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except ValueError:
        header = None
    if token.count(".") != 2 or not isinstance(header, dict):  # noqa: PLR2004  RFC 7515, section 7.1
        raise Unauthenticated("Send an API key or a token as `Authorization: Bearer …`.")
    algorithm, kind = header.get("alg"), header.get("typ", "JWT")
    is_sane = (
        isinstance(algorithm, str)
        and algorithm in _ALGORITHMS
        and isinstance(kind, str)
        and kind.lower().removeprefix("application/") in _TYPES
        # extensions that must be understood; there is none that we do
        and not header.keys() & {"crit", "b64"}
        and isinstance(header.get("kid"), str | None)
    )
    if not is_sane:
        raise Unauthenticated(
            f"Tokens are JWTs that are signed by one of {', '.join(sorted(_ALGORITHMS))}."
        )
    key_id: str | None = header.get("kid")
    return key_id


def _read_scopes(given: Any) -> frozenset[Scope]:
    """Read a claim: names that spaces separate (RFC 8693, section 4.2), or a list of them."""
    names = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    order = list(Scope)
    highest = max(
        (order.index(scope) for scope in order if f"{_SCOPE_PREFIX}{scope}" in names), default=-1
    )
    return frozenset(order[: highest + 1])


def _read_end(seconds: float) -> datetime:
    if seconds >= _LATEST.timestamp():
        return _LATEST
    return datetime.fromtimestamp(seconds, UTC) + CLOCK_LEEWAY
