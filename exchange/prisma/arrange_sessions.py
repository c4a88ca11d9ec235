"""Makes the trees of sessions: names, parents, and where a tree of the source is none."""

import orjson

from exchange.prisma.copy import Copy


def arrange_sessions(copy: Copy) -> None:
    """Find the sessions of both predecessors and how they stand below each other.

    One of both that has the same name is one session. A parent that is not there and a cycle of
    parents make roots; both are told.
    """
    _name(copy)
    _refer(copy)
    copy.run(
        "UPDATE sessions SET parent = (SELECT f.session FROM rows r JOIN session_references f"
        " ON f.schema = 'enhanced schema' AND f.reference = r.owner"
        " WHERE r.model = sessions.model AND r.id = sessions.id)"
    )
    orphans = copy.select(
        "SELECT s.model, s.id, r.owner FROM sessions s JOIN rows r USING (model, id)"
        " WHERE s.parent IS NULL AND r.owner IS NOT NULL"
    )
    for model, row_id, parent in list(orphans):
        _make_root(copy, model, row_id, parent, "its parent is not there, or was refused")
    copy.run("CREATE INDEX session_parents ON sessions (parent)")
    copy.run("UPDATE sessions SET depth = 0 WHERE parent IS NULL")
    _sink(copy, 0)
    while (key := _in_cycle(copy)) is not None:
        ((model, row_id, parent),) = copy.select(
            "SELECT s.model, s.id, r.owner FROM sessions s JOIN rows r USING (model, id)"
            " WHERE key = ?",
            key,
        )
        _make_root(copy, model, row_id, parent, "its parents lead back to itself")
        copy.run("UPDATE sessions SET parent = NULL, depth = 0 WHERE key = ?", key)
        _sink(copy, 0)


def _name(copy: Copy) -> None:
    for model in ("AgentSession", "Session"):
        copy.run(
            "INSERT INTO sessions (model, id, own_name, made_at) SELECT model, id, name, made_at"
            " FROM kept WHERE model = ? ORDER BY made_at, id"
            " ON CONFLICT DO NOTHING",
            model,
        )
    copy.refuse(
        "AgentSession",
        "id NOT IN (SELECT id FROM sessions WHERE model = 'AgentSession')",
        "sessionId: Another row has this sessionId.",
    )
    copy.run(
        "UPDATE sessions SET merged = own_name WHERE model = 'AgentSession' AND own_name IN"
        " (SELECT id FROM kept WHERE model = 'Session')"
    )
    merged = copy.select("SELECT id, merged FROM sessions WHERE merged IS NOT NULL")
    for row_id, name in list(merged):
        theirs = orjson.loads(copy.payload("Session", name)["sessions"]["metadata"])
        ours = orjson.loads(copy.payload("AgentSession", row_id)["sessions"]["metadata"])
        copy.keep_in_metadata(
            "AgentSession",
            row_id,
            "sessions",
            {key: value for key, value in theirs.items() if key not in ours},
            "is one session with the row of Session of the same name",
        )


def _refer(copy: Copy) -> None:
    """Let a session be found by its id, and by its `sessionId` where that is no other's id."""
    for schema, model, column in (
        ("enhanced schema", "AgentSession", "id"),
        ("enhanced schema", "AgentSession", "own_name"),
        ("storage adapter", "Session", "id"),
        ("storage adapter", "AgentSession", "merged"),
    ):
        copy.run(
            f"INSERT OR IGNORE INTO session_references SELECT ?, {column}, key FROM sessions"
            f" WHERE model = ? AND {column} IS NOT NULL",
            schema,
            model,
        )


def _sink(copy: Copy, depth: int) -> None:
    """Tell all below a depth how deep they stand, level by level."""
    while copy.run(
        "UPDATE sessions SET depth = ? WHERE depth IS NULL AND parent IN"
        " (SELECT key FROM sessions WHERE depth = ?)",
        depth + 1,
        depth,
    ):
        depth += 1


def _in_cycle(copy: Copy) -> int | None:
    """Give the earliest session of a cycle of parents, if there is one."""
    found = next(copy.select("SELECT key FROM sessions WHERE depth IS NULL LIMIT 1"), None)
    if found is None:
        return None
    seen: list[int] = []
    key: int = found[0]
    while key not in seen:
        seen.append(key)
        ((key,),) = copy.select("SELECT parent FROM sessions WHERE key = ?", key)
    return min(seen[seen.index(key) :])  # keys are in the order of time


def _make_root(copy: Copy, model: str, row_id: str, parent: str, why: str) -> None:
    kept = {"parentSessionId": parent}
    note = f"made a root, since {why}; kept as metadata.parentSessionId"
    copy.keep_in_metadata(model, row_id, "sessions", kept, note)
