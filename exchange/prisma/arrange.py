"""Puts the rows of a copy in their order, and refuses what hangs on nothing."""

import orjson

from exchange.prisma.arrange_sessions import arrange_sessions
from exchange.prisma.arrange_states import arrange_states
from exchange.prisma.copy import Copy
from resolvers.validation import MAXIMUM_LIST_ITEMS

MESSAGE, CONFIRMATION, METRIC, EVENT, STATE, MEMORY = range(6)
"""What comes first of the same moment."""

_IN_SESSIONS = {
    "Message": "storage adapter",
    "PendingConfirmation": "storage adapter",
    "SessionMetric": "enhanced schema",
    "SessionEvent": "enhanced schema",
    "ModuleState": "enhanced schema",
    "InteractionMemory": "enhanced schema",
}


def arrange(copy: Copy) -> None:
    """Arrange a copy that is complete."""
    copy.run("ANALYZE")
    arrange_sessions(copy)
    _arrange_agents(copy)
    for model, schema in _IN_SESSIONS.items():
        copy.run(
            "UPDATE rows SET session_key = coalesce("
            " (SELECT f.session FROM session_references f WHERE f.schema = ?"
            " AND f.reference = rows.session),"
            " (SELECT f.session FROM session_references f WHERE f.schema <> ?"
            " AND f.reference = rows.session)"
            ") WHERE model = ? AND refusal IS NULL AND session IS NOT NULL",
            schema,
            schema,
            model,
        )
    for model in ("Message", "PendingConfirmation", "SessionMetric", "SessionEvent"):
        copy.refuse(model, "session_key IS NULL", "Its session is not there, or was refused.")
    copy.run("CREATE INDEX row_sessions ON rows (model, session_key)")
    _place(copy, "Message", MESSAGE, "made_at, id")
    _place(copy, "SessionMetric", METRIC, "made_at, id")
    _place(copy, "SessionEvent", EVENT, "sequence, made_at, id")
    arrange_states(copy, STATE)
    _arrange_memories(copy)
    _arrange_tool_calls(copy)
    _arrange_confirmations(copy)


def _place(copy: Copy, model: str, rank: int, order: str) -> None:
    """Place rows in their sessions' timelines, in an order of their own: no time goes back."""
    window = f"PARTITION BY r.session_key ORDER BY {', '.join(f'r.{n}' for n in order.split(', '))}"
    copy.run(
        "INSERT INTO timeline SELECT r.session_key,"
        f" coalesce(max(r.made_at) OVER (w ROWS UNBOUNDED PRECEDING), s.made_at, 0), ?,"
        " row_number() OVER w, r.model, r.id, NULL"
        " FROM rows r JOIN sessions s ON s.key = r.session_key"
        f" WHERE r.model = ? AND r.refusal IS NULL WINDOW w AS ({window})",
        rank,
        model,
    )


def _arrange_agents(copy: Copy) -> None:
    there = "(SELECT id FROM kept WHERE model = 'AI_Agent')"
    for model in ("AgentVersion", "AgentMetric"):
        copy.refuse(model, f"agent NOT IN {there}", "Its agent is not there, or was refused.")
    for model, table in (("AgentSession", "sessions"), ("InteractionMemory", "memories")):
        orphans = copy.select(
            "SELECT id, agent FROM kept WHERE model = ?"
            f" AND agent IS NOT NULL AND agent NOT IN {there}",
            model,
        )
        for row_id, agent in list(orphans):
            note = "its agent is not there; kept as metadata.agentId"
            copy.keep_in_metadata(model, row_id, table, {"agentId": agent}, note)
            copy.run("UPDATE rows SET agent = NULL WHERE model = ? AND id = ?", model, row_id)
    ranked = (
        "SELECT id, name,"
        " row_number() OVER (PARTITION BY agent{} ORDER BY made_at{}, id{}) AS place"
        " FROM kept WHERE model = 'AgentVersion'{}"
    )
    doubles = ranked.format(", name", "", "", "")
    for row_id, number, _ in list(copy.select(f"SELECT * FROM ({doubles}) WHERE place > 1")):
        changed = f"{number} ({row_id})"
        copy.patch("AgentVersion", row_id, "agent_versions", {"version_number": changed})
        copy.note(
            "AgentVersion", row_id, "its number is another version's too; its id stands behind"
        )
    active = ranked.format("", " DESC", " DESC", " AND is_open")
    for row_id, _, _ in list(copy.select(f"SELECT * FROM ({active}) WHERE place > 1")):
        copy.patch("AgentVersion", row_id, "agent_versions", {"is_active": False})
        copy.note("AgentVersion", row_id, "a later version is active too; this one is no longer")


def _arrange_tool_calls(copy: Copy) -> None:
    copy.refuse(
        "ToolCall",
        "owner NOT IN (SELECT id FROM kept WHERE model = 'Message')",
        "Its message is not there, or was refused.",
    )
    copy.refuse(
        "ToolCall",
        "(SELECT name FROM rows m WHERE m.model = 'Message' AND m.id = rows.owner) <> 'ASSISTANT'",
        "Only an ASSISTANT message asks for tool calls.",
    )
    copy.refuse(
        "ToolCall",
        "id IN (SELECT id FROM"
        " (SELECT id, row_number() OVER (PARTITION BY owner ORDER BY made_at, id)"
        " AS place FROM kept WHERE model = 'ToolCall')"
        " WHERE place > ?)",
        f"Its message has more than {MAXIMUM_LIST_ITEMS} calls.",
        [MAXIMUM_LIST_ITEMS],
    )


def _arrange_confirmations(copy: Copy) -> None:
    """Place each question behind the last call of its tool that has no answer, if there is one."""
    asked = copy.select(
        "SELECT r.id, r.session_key, r.name, coalesce(r.made_at, s.made_at, 0) FROM rows r"
        " JOIN sessions s ON s.key = r.session_key"
        " WHERE r.model = 'PendingConfirmation' AND r.refusal IS NULL ORDER BY r.made_at, r.id"
    )
    taken: set[str] = set()
    for place, (row_id, session, name, made_at) in enumerate(list(asked)):
        calls = copy.select(
            "SELECT c.id, t.at FROM timeline t CROSS JOIN rows c ON c.model = 'ToolCall'"
            " AND c.owner = t.id AND c.refusal IS NULL AND c.is_open AND c.name = ?"
            " WHERE t.session = ? AND t.model = 'Message'"
            " ORDER BY t.at DESC, c.made_at DESC, c.id DESC",
            name,
            session,
        )
        call, at = next((each for each in calls if each[0] not in taken), (None, made_at))
        taken.add(call or "")
        copy.run(
            "INSERT INTO timeline VALUES (?, ?, ?, ?, 'PendingConfirmation', ?, ?)",
            session,
            max(made_at, at),
            CONFIRMATION,
            place,
            row_id,
            None if call is None else orjson.dumps({"tool_call": call}).decode(),
        )


def _arrange_memories(copy: Copy) -> None:
    for model in ("MemoryAccess", "MemoryAnnotation"):
        copy.refuse(
            model,
            "owner NOT IN (SELECT id FROM kept WHERE model = 'InteractionMemory')",
            "Its memory is not there, or was refused.",
        )
    orphans = copy.select(
        "SELECT id, session FROM kept WHERE model = 'InteractionMemory'"
        " AND session IS NOT NULL AND session_key IS NULL"
    )
    for row_id, session in list(orphans):
        note = "its session is not there; kept as metadata.sessionId"
        copy.keep_in_metadata("InteractionMemory", row_id, "memories", {"sessionId": session}, note)
    _place(copy, "InteractionMemory", MEMORY, "made_at, id")
    _count_accesses(copy)
    copy.run(
        "INSERT OR IGNORE INTO relations SELECT r.id, o.value FROM rows r, json_each(r.others) o"
        " WHERE r.model = 'InteractionMemory' AND r.refusal IS NULL AND o.value <> r.id"
        " AND o.value IN (SELECT id FROM kept WHERE model = 'InteractionMemory')"
    )
    by_agents = copy.select(
        "SELECT id, json_extract(payload, '$.memory_annotations.created_by') AS maker FROM rows"
        " WHERE model = 'MemoryAnnotation' AND refusal IS NULL"
        " AND maker IN (SELECT id FROM rows WHERE model = 'AI_Agent')"
    )
    for row_id, _ in list(by_agents):
        values = {"annotator_kind": "LLM"}
        copy.patch("MemoryAnnotation", row_id, "memory_annotations", values)


def _count_accesses(copy: Copy) -> None:
    """Keep a count of accesses in the metadata only where there are not as many rows."""
    counted = copy.select(
        "SELECT m.id, count(a.id), max(a.made_at) FROM rows m LEFT JOIN rows a"
        " ON a.model = 'MemoryAccess' AND a.owner = m.id AND a.refusal IS NULL"
        " WHERE m.model = 'InteractionMemory' AND m.refusal IS NULL GROUP BY m.id"
        " HAVING count(a.id) > 0 OR m.payload LIKE '%accessCount%'"
    )
    for row_id, count, last in list(counted):
        values = copy.payload("InteractionMemory", row_id)["memories"]
        told = orjson.loads(values["metadata"]).get("accessCount")
        if told == count:
            copy.keep_in_metadata("InteractionMemory", row_id, "memories", {"accessCount": None})
        elif told is not None:
            note = "accessCount is not the number of its accesses; kept as metadata.accessCount"
            copy.note("InteractionMemory", row_id, note)
        if last is not None:
            latest = max(last, values.get("last_accessed_at") or last)
            copy.patch("InteractionMemory", row_id, "memories", {"last_accessed_at": latest})
