"""Whether what was restored fits together: the counts of rows that are kept equal the rows.

A file that was changed by hand would otherwise bring numbers that nothing ever mends.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from exchange.archive.layout import FAMILY_OF, Family
from models import Memory, Session
from resolvers.identifiers import table_of

_WHOLES = """
    WITH trees AS (SELECT * FROM sessions WHERE project_id = $1 AND root_id = ANY($2)),
    written AS (SELECT * FROM memories WHERE project_id = $1 AND id = ANY($2))"""

_SESSIONS: Mapping[str, str] = {
    "its place in the tree": """
        SELECT s.root_id FROM trees s JOIN sessions p
            ON p.project_id = s.project_id AND p.id = s.parent_id
        WHERE s.depth <> p.depth + 1 OR s.root_id <> p.root_id""",
    "the counts of its messages": """
        SELECT s.root_id FROM trees s CROSS JOIN LATERAL (
            SELECT count(*) AS messages, coalesce(sum(input_tokens), 0) AS input_tokens,
                coalesce(sum(output_tokens), 0) AS output_tokens,
                coalesce(sum(cost_usd), 0) AS cost_usd, coalesce(max(sequence), 0) AS last
            FROM messages x WHERE x.project_id = s.project_id AND x.session_id = s.id) m
        WHERE (s.message_sequence < m.last
            OR (s.message_count, s.input_tokens, s.output_tokens, s.cost_usd)
            <> (m.messages, m.input_tokens, m.output_tokens, m.cost_usd))""",
    "the counts of its tool calls": """
        SELECT s.root_id FROM trees s WHERE (s.tool_call_count, s.failed_tool_call_count) <> (
            SELECT count(*), count(*) FILTER (WHERE x.status = 'FAILED')
            FROM tool_calls x WHERE x.project_id = s.project_id AND x.session_id = s.id)""",
    "the message of a tool call": """
        SELECT s.root_id FROM trees s JOIN tool_calls x
            ON x.project_id = s.project_id AND x.session_id = s.id
        JOIN messages m ON m.project_id = x.project_id AND m.id = x.message_id
        WHERE m.session_id <> s.id""",
    "the tool call of a confirmation": """
        SELECT s.root_id FROM trees s JOIN confirmations x
            ON x.project_id = s.project_id AND x.session_id = s.id
        JOIN tool_calls c ON c.project_id = x.project_id AND c.id = x.tool_call_id
        WHERE c.session_id <> s.id""",
    "the numbers and the order of its events": """
        SELECT s.root_id FROM trees s CROSS JOIN LATERAL (
            SELECT count(*) AS events, coalesce(min(sequence), 0) AS first,
                coalesce(max(sequence), 0) AS last, count(*) FILTER (
                    WHERE position <= before OR root_id <> s.root_id) AS misplaced
            FROM (SELECT x.*, lag(position) OVER (ORDER BY sequence) AS before
                FROM session_events x
                WHERE x.project_id = s.project_id AND x.session_id = s.id) e) e
        WHERE (s.event_sequence <> e.events OR e.last <> e.events
            OR e.first <> 1 OR e.misplaced > 0)""",
    "the numbers of its items": """
        SELECT s.root_id FROM trees s JOIN session_items x
            ON x.project_id = s.project_id AND x.session_id = s.id
        WHERE x.sequence > s.item_sequence""",
    "the transitions of its module states": """
        SELECT s.root_id FROM trees s JOIN module_states x
            ON x.project_id = s.project_id AND x.session_id = s.id
        WHERE x.revision <> (SELECT count(*) FROM state_transitions t
            WHERE t.project_id = x.project_id AND t.module_state_id = x.id)""",
}

_MEMORIES: Mapping[str, str] = {
    "the count of its revisions": """
        SELECT m.id FROM written m WHERE m.revision - 1 <> (SELECT count(*) FROM memory_revisions r
            WHERE r.project_id = m.project_id AND r.memory_id = m.id)""",
    "the count of its accesses": """
        SELECT m.id FROM written m WHERE (m.access_count, m.access_count) <> (
            SELECT count(*), coalesce(max(sequence), 0) FROM memory_accesses a
            WHERE a.project_id = m.project_id AND a.memory_id = m.id)""",
}

_CHECKS: Mapping[Family, Mapping[str, str]] = {
    FAMILY_OF[table_of(Session)]: _SESSIONS,
    FAMILY_OF[table_of(Memory)]: _MEMORIES,
}


async def find_fault(
    driver: Any, project_id: int, family: Family, wholes: Sequence[UUID]
) -> str | None:
    """Say what does not fit in some wholes that were written in this transaction, if anything."""
    for what, statement in _CHECKS.get(family, {}).items():
        if await driver.fetch(f"{_WHOLES}{statement} LIMIT 1", project_id, wholes):
            return f"What it says of {what} is not what its rows say: the file was changed."
    return None
