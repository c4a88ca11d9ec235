"""OTLP over HTTP: the endpoint that takes spans, and what is done with them later."""
