"""Who sends a request: by an API key of the store, or by a token of an OpenID Connect issuer."""

from datetime import timedelta

DEFAULT_PROJECT_ID = 1
"""Whose a request without a key is, where none is needed."""

CACHE_SECONDS = 5.0
"""How long what was read of keys and projects is taken to be so still, in every process."""

CLOCK_LEEWAY = timedelta(seconds=30)
"""By how much the clock of a token's issuer may differ from ours."""
