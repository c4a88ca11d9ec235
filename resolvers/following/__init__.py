"""How what is recorded is followed: what subscriptions yield."""
