"""Notices of changes between server processes, through PostgreSQL's LISTEN and NOTIFY."""
