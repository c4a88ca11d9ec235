"""The subscriptions, one module a noun."""
