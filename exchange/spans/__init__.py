"""OpenTelemetry spans of agents: how they are read, placed in sessions, and recorded."""
