"""The store's own form as a file: every row of what is exported, to be restored as it was.

A file is JSON Lines, gzipped if its name ends in `.gz`. Its first line is a header::

    {"sessiongraph": {"format": 1, "revision": "0009", "exported": "project", "exportedAt": "…"}}

then comes a line for each row, under the prefix of its id, and a last line that tells a whole file
from one that was cut off or changed::

    {"session": {"id": "session_01kad…", "createdAt": "2026-11-02T09:30:00.123456Z", …}}
    {"end": {"rows": 1, "digest": "sha256:…"}}

Names are those of the GraphQL API, and what it does not show has the name of its column. Ids and
references are TypeIDs, times RFC 3339 in UTC, decimals strings, bytes hexadecimal, documents stand
to the letter; what is null is left out. A document whose spelling has line breaks in it stands with
spaces for them, and with its own letters as a string in the line's `verbatim`.

What belongs together stands together (`layout.py`): an agent with its versions and metrics, a tree
of sessions with everything recorded in it, a memory with its revisions and uses; the relations of
memories come last. Events stand in their order; neither their positions are carried, nor the
project.
"""
