"""An OpenID Connect issuer on loopback, with keys that the test makes."""

import asyncio
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from time import time
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

AUDIENCE = "sessiongraph-test"
_SIGNED_BY = {"RS256": ("RSA", 2048), "ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}


def make_key(key_id: str | None, algorithm: str = "ES256") -> Key:
    """Make a private key."""
    kind, size = _SIGNED_BY[algorithm]
    return JWKRegistry.generate_key(kind, size, {"kid": key_id} if key_id else None)  # type: ignore[arg-type]


@dataclass
class Issuer:
    """Serves its documents, counts who asks, and signs."""

    keys: list[Key] = field(default_factory=lambda: [make_key("first")])
    answers: dict[str, bytes] = field(default_factory=dict)
    """Answers that stand in the place of a path's own."""
    asked: list[str] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Serve, on the port from before if there was one."""
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def sign(
        self, key: Key | None = None, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """Sign a token; claims of None are left out."""
        key = key or self.keys[0]
        algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}[key.key_type]
        whole = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "somebody",
            "exp": int(time()) + 3_600,
            "scope": "openid sessiongraph:record",
            "sessiongraph_project": "default",
            **claims,
        }
        whole = {name: value for name, value in whole.items() if value is not None}
        registry = JWSRegistry(algorithms=list(_SIGNED_BY), strict_check_header=False)
        written = {"alg": algorithm, "kid": key.kid, **(header or {})}
        written = {name: value for name, value in written.items() if value is not None}
        return jwt.encode(written, whole, key, registry=registry)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked.append(path)
        documents: dict[str, Any] = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
            },
            "/keys": {"keys": [key.as_dict(private=False) for key in self.keys]},
        }
        body = self.answers.get(path) or orjson.dumps(documents[path])
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n")
        writer.write(b"content-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()


def encode(part: Any) -> str:
    """Encode a part of a token."""
    return urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()
