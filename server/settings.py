"""The settings, read from the environment. README.md has the same table."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_data_path
from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.addresses import is_loopback, is_safe_url


def _data_directory() -> Path:
    # root's home is closed to the account that PostgreSQL runs as
    return Path("/var/lib/sessiongraph") if os.geteuid() == 0 else user_data_path("sessiongraph")


_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


class Settings(BaseSettings):
    """Every setting, with its unit. Names in the environment are `SESSIONGRAPH_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="SESSIONGRAPH_", env_ignore_empty=True, frozen=True
    )

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """`postgresql://…` of PostgreSQL 15 or newer; unset starts the embedded one."""
    listen_url: str | None = None
    """The same database past a pooler, to hear what other processes have changed (LISTEN)."""
    data_directory: Path = Field(default_factory=_data_directory)
    """Where the embedded PostgreSQL keeps its files."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: PositiveInt = 1
    """Server processes, each with a pool of connections and caches of its own."""
    migrate: bool = True
    """Bring the database's schema up to date at start."""
    insecure: bool = False
    """Serve without API keys on an address that is not loopback."""
    oidc_issuer: str | None = None
    """The OpenID Connect issuer whose tokens are taken beside API keys, as its `iss` has it."""
    oidc_audience: str | None = Field(default=None, validate_default=True)
    """What the tokens' `aud` must have: the name that the issuer knows this server by."""
    oidc_project_claim: str = "sessiongraph_project"
    """The claim that names the token's project."""
    oidc_scope_claim: str = "scope"
    """The claim that has `sessiongraph:read`, `sessiongraph:record` or `sessiongraph:admin`."""
    oidc_jwks_url: str | None = None
    """Where the issuer's keys are; None means where its discovery document says."""
    introspection: bool | None = None
    """Answer introspection and serve GraphiQL; None means only on loopback."""
    trusted_documents_only: bool = False
    """Run no documents but those that `sessiongraph persist` stored."""

    plans_queries: bool = True
    """Run queries by a compiled plan; False leaves all of them to graphql-core."""
    pool_size: PositiveInt = 10
    """Most database connections of one server process."""
    transaction_pooling: bool = False
    """The database is reached through a pooler in transaction mode, such as PgBouncer."""
    prepared_statements: bool | None = None
    """Prepare statements once for each connection; None means not behind such a pooler."""
    pool_timeout_seconds: PositiveFloat = 10
    database_timeout_seconds: PositiveFloat = 10
    """How long the database may say nothing at all, until it counts as away."""
    statement_timeout_seconds: PositiveFloat = 30
    request_timeout_seconds: PositiveFloat = 60
    head_timeout_seconds: PositiveFloat = 30
    """Within which a request's head must have arrived, after the answer before it."""
    body_timeout_seconds: PositiveFloat = 30
    """Within which a request's whole body must have arrived."""
    send_timeout_seconds: PositiveFloat = 30
    """Within which a client must have read a piece of a large answer, a quarter of a megabyte."""
    connection_init_timeout_seconds: PositiveFloat = 5
    """Within which a WebSocket's client must have said who it is."""
    idle_timeout_seconds: PositiveFloat = 300
    """After which a WebSocket without an operation and without a message is closed."""
    keepalive_seconds: PositiveFloat = 12
    """Between pings of a WebSocket, and between comments in an event stream."""

    max_connections: PositiveInt = 4_000
    """Of clients to a server process; beyond, those that wait longest for a request are closed.
    Half of them may be WebSockets and event streams."""
    max_connections_per_key: PositiveInt = 100
    max_operations_per_connection: PositiveInt = 100
    """Operations under way on one WebSocket."""
    max_body_bytes: PositiveInt = 10_000_000
    max_response_bytes: PositiveInt = 50_000_000
    max_url_bytes: PositiveInt = 16_000
    """Of the path and query of a GET request."""
    max_header_bytes: PositiveInt = 32_000
    """Of all of a request's headers together."""
    max_document_characters: PositiveInt = 100_000
    max_document_tokens: PositiveInt = 5_000
    max_document_definitions: PositiveInt = 100
    max_directives: PositiveInt = 100
    max_depth: PositiveInt = 20
    """Levels of nested fields, fragments counted."""
    max_fields: PositiveInt = 2_000
    """Fields after fragments are expanded."""
    max_aliases: PositiveInt = 100
    max_root_fields: PositiveInt = 50
    max_input_values: PositiveInt = 200_000
    """Items of lists and input objects in variables; an object counts as ten."""
    max_cost: PositiveInt = 200_000
    """Objects that the requested page sizes could return at most, multiplied along each path."""
    max_cost_per_minute: PositiveInt = 50_000_000
    """The cost of a key's operations in a minute; counted by each server process."""
    max_new_document_characters_per_minute: PositiveInt = 200_000
    """Of a key's documents that a server process has not prepared before."""
    max_requests_per_key: PositiveInt = 1_000
    """Requests of a key under way in a server process, waiting ones included."""
    max_waiting_per_key: PositiveInt = 500
    """Of these, queries that wait for a decision (`awaitConfirmation`); of all keys together, a
    quarter of `max_connections`."""
    max_body_bytes_per_key: PositiveInt = 50_000_000
    """Of the requests' bodies together."""
    max_response_bytes_per_key: PositiveInt = 200_000_000
    """Of answers that a key has not read yet; over it, its next requests are refused."""
    max_concurrent_operations_per_key: PositiveInt = 20
    """Operations of a key that run at once in a server process; others wait for their turn."""
    max_errors: PositiveInt = 20
    document_cache_entries: PositiveInt = 1_000
    """Parsed and validated documents that are kept, and as many texts of persisted ones."""
    document_cache_characters: PositiveInt = 500_000
    """Length of either together; a parsed document takes up to 200 bytes of memory a character."""
    allowed_origins: Annotated[list[str], NoDecode] = []
    """Of the web pages that may use the API, over WebSockets too, such as `https://dashboard.example`."""
    tls_certificate_file: Path | None = None
    """PEM: the certificate, then those that vouch for it; with it the server speaks HTTPS."""
    tls_key_file: Path | None = None
    """PEM: the certificate's private key; None where the certificate's file has it."""
    tls_key_password: SecretStr | None = None
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where `/metrics` is; None means on the server's own port, and only on loopback."""
    metrics_host: str = "127.0.0.1"
    """The address that `metrics_port` is of."""
    idempotency_key_retention_days: PositiveInt = 7
    """How long idempotency keys are kept, but for those of imports, which are kept for ever."""
    telemetry: bool = False
    """Send traces by OpenTelemetry, as its own variables `OTEL_…` say."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    slow_operation_seconds: NonNegativeFloat = 1
    """What takes longer has a warning in the log; 0 is none."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _read_origins(cls, given: object) -> object:
        return [each.strip() for each in given.split(",")] if isinstance(given, str) else given

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, given: list[str]) -> list[str]:
        if not all(_ORIGIN.fullmatch(origin) for origin in given):
            raise ValueError("name each origin, as https://dashboard.example in lower case")
        return given

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is not None and not is_safe_url(url):
            raise ValueError("give a URL that begins with https://")
        return url

    @field_validator("oidc_audience")
    @classmethod
    def _check_audience(cls, audience: str | None, given: ValidationInfo) -> str | None:
        if audience is None and given.data.get("oidc_issuer") is not None:
            raise ValueError("give it with the issuer; its tokens for others are not for us")
        return audience

    @property
    def answers_introspection(self) -> bool:
        """Whether introspection is answered."""
        return self.is_loopback if self.introspection is None else self.introspection

    @property
    def speaks_tls(self) -> bool:
        """Whether the server speaks HTTPS."""
        return self.tls_certificate_file is not None

    @property
    def serves_metrics(self) -> bool:
        """Whether `/metrics` is on the server's own port."""
        return self.metrics_port is None and self.is_loopback

    @property
    def serves_graphiql(self) -> bool:
        """Whether GraphiQL is served: where all that it sends would be refused, it is not."""
        return self.answers_introspection and not self.trusted_documents_only

    @property
    def prepares_statements(self) -> bool:
        """Whether a connection keeps its statements prepared."""
        given = self.prepared_statements
        return not self.transaction_pooling if given is None else given

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def requires_key(self) -> bool:
        """Whether requests need an API key or a token.

        Not on this machine with the embedded database, unless a token's issuer is configured.
        """
        is_private = self.is_loopback and self.database_url is None and self.oidc_issuer is None
        return not self.insecure and not is_private
