"""The public keys that an OpenID Connect issuer signs its tokens with (JWKS), kept and refreshed.

They are found as OpenID Connect Discovery 1.0 says, section 4
(https://openid.net/specs/openid-connect-discovery-1_0.html), and read as RFC 7517.
"""

import asyncio
import warnings
from time import monotonic
from typing import Any

import httpx2
import orjson
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import JWKRegistry, Key

from resolvers.errors import Unavailable
from server.addresses import is_safe_url

_FRESH_SECONDS = 600.0
"""After which kept keys are fetched again: a key that the issuer withdrew goes this soon."""
_USABLE_SECONDS = 86_400.0
"""How long kept keys serve where they cannot be fetched again."""
_PAUSE_SECONDS = 10.0
"""Between two fetches, so that tokens with made-up key ids do not flood the issuer."""
_FETCH_SECONDS = 5.0
_MAX_BYTES = 256_000
_MAX_KEYS = 100
_DISCOVERY = "/.well-known/openid-configuration"

_log = structlog.get_logger()


class _Unusable(Exception):
    """What the issuer answered is not what was asked for."""


class SigningKeys:
    """Finds an issuer's keys by their ids."""

    def __init__(self, issuer: str, jwks_url: str | None = None) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._keys: dict[str | None, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._has_failed = False
        self._fetching: asyncio.Task[None] | None = None
        # reads the machine's certificates, which takes a moment: now, and not in a request
        self._certificates = httpx2.create_ssl_context()

    async def find(self, key_id: str | None) -> Key | None:
        """Give the key of an id, or the only one there is for None; None where there is none.

        Raises `Unavailable` where the issuer would have to be asked and does not answer.
        """
        if not self._is_younger_than(_FRESH_SECONDS):
            await self._refresh()
        if not self._is_younger_than(_USABLE_SECONDS):
            raise Unavailable("The tokens' issuer is away; try again later.")
        found = self._get(key_id)
        if found is None:
            await self._refresh()
            found = self._get(key_id)
            if found is None and self._has_failed:
                raise Unavailable("The tokens' issuer is away; try again later.")
        return found

    def _get(self, key_id: str | None) -> Key | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_younger_than(self, seconds: float) -> bool:
        return self._fetched_at is not None and monotonic() - self._fetched_at < seconds

    async def _refresh(self) -> None:
        """Fetch the keys, unless that was tried just now; many who wait make one fetch."""
        if self._fetching is None:
            now = monotonic()
            if self._tried_at is not None and now - self._tried_at < _PAUSE_SECONDS:
                return
            self._tried_at = now
            self._fetching = asyncio.create_task(self._fetch())
        # whoever is stopped while waiting leaves it to the others who wait
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            async with (
                asyncio.timeout(_FETCH_SECONDS),
                httpx2.AsyncClient(verify=self._certificates, timeout=_FETCH_SECONDS) as client,
            ):
                url = self._jwks_url or await self._discover(client)
                self._keys = _read_keys(await _get_json(client, url))
            self._fetched_at = monotonic()
            self._has_failed = False
        except Exception as error:  # noqa: BLE001  whatever it is, the issuer is of no use now
            self._has_failed = True
            reason = str(error) or type(error).__name__
            _log.warning("signing keys not fetched", issuer=self._issuer, error=reason)
        finally:
            self._fetching = None

    async def _discover(self, client: httpx2.AsyncClient) -> str:
        found = await _get_json(client, self._issuer.rstrip("/") + _DISCOVERY)
        if found.get("issuer") != self._issuer:
            raise _Unusable("the discovery document is another issuer's")
        url = found.get("jwks_uri")
        if not isinstance(url, str) or not is_safe_url(url):
            raise _Unusable("the discovery document has no jwks_uri of https")
        return url


async def _get_json(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    async with client.stream("GET", url, headers={"accept": "application/json"}) as response:
        if response.status_code != httpx2.codes.OK:
            raise _Unusable(f"the status is {response.status_code}")
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _MAX_BYTES:
                raise _Unusable(f"the answer has more than {_MAX_BYTES:,} bytes")
    read = orjson.loads(body)
    if not isinstance(read, dict):
        raise _Unusable("the answer is not a JSON object")
    return read


def _read_keys(key_set: dict[str, Any]) -> dict[str | None, Key]:
    """Read the public keys of a set; what is for something else is passed over."""
    given = key_set.get("keys")
    if not isinstance(given, list) or len(given) > _MAX_KEYS:
        raise _Unusable(f"the key set is not a list of at most {_MAX_KEYS} keys")
    keys: dict[str | None, Key] = {}
    for each in given:
        key = _read_key(each)
        if key is not None:
            keys[key.kid] = key
    if not keys:
        raise _Unusable("the key set has no key that signs")
    return keys


def _read_key(given: Any) -> Key | None:
    if not isinstance(given, dict) or given.get("kty") not in {"RSA", "EC", "OKP"}:
        return None
    if given.get("use", "sig") != "sig" or not isinstance(given.get("kid"), str | None):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error", SecurityWarning)  # such as of short keys
        try:
            return JWKRegistry.import_key(given)
        except (JoseError, SecurityWarning, ValueError, TypeError, KeyError):
            return None
