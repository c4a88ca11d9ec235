"""Finds the caller of a request, whatever brought it: HTTP, server-sent events or a WebSocket."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.errors import Unauthenticated
from server.authentication import DEFAULT_PROJECT_ID
from server.authentication.api_keys import ApiKeys, is_api_key
from server.authentication.tokens import Tokens
from server.caller import Caller
from server.operations.database_errors import read_database_error
from server.settings import Settings

_WITHOUT_KEY = Caller(DEFAULT_PROJECT_ID)


class Authenticator:
    """Finds callers by API keys and, where an issuer is configured, by its tokens."""

    def __init__(self, engine: AsyncEngine, settings: Settings) -> None:
        self._requires_key = settings.requires_key
        self._keys = ApiKeys(engine)
        self._tokens = Tokens(engine, settings) if settings.oidc_issuer is not None else None
        self.key_use = self._keys.use
        self._accepted = "an API key" if self._tokens is None else "an API key or a token"

    async def caller(self, authorization: str | None) -> Caller:
        """Find who sends a request, by its Authorization header or what stands in its place.

        Raises `Unauthenticated` for credentials that are missing or no good, `Forbidden` for a
        token that opens nothing here, `Unavailable` where its issuer is away, and what the
        database raised: who somebody is cannot be told without it.
        """
        if authorization is None:
            if self._requires_key:
                raise Unauthenticated(f"Send {self._accepted}: `Authorization: Bearer …`.")
            return _WITHOUT_KEY
        scheme, _, credentials = authorization.partition(" ")
        bearer = credentials.strip()
        if scheme.lower() != "bearer" or not bearer.isascii() or not bearer:
            raise Unauthenticated(f"Send {self._accepted} as `Authorization: Bearer …`.")
        if self._tokens is not None and not is_api_key(bearer):
            return await self._tokens.caller(bearer)
        return await self._keys.caller(bearer)

    async def is_valid(self, caller: Caller) -> bool:
        """Whether a caller that was found before may go on, for what lasts longer than a request.

        It asks the database for a key at most every few seconds; a token is good until it ends. A
        database that is away proves nothing.
        """
        if caller.expires_at is not None and caller.expires_at <= datetime.now(UTC):
            return False
        try:
            if isinstance(caller.identity, str):
                return await self._keys.is_usable(caller.identity)
        except Exception as error:
            if read_database_error(error) is None:
                raise
        return True
