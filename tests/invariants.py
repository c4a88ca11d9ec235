"""What must be true of every store, whatever was recorded in it."""

from itertools import groupby

from orjson import loads
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from resolvers.merge_patch import merge
from resolvers.recording import digest

_BROKEN = {
    "messages are counted": """
        SELECT s.id FROM sessions s
        WHERE (s.message_count, s.input_tokens, s.output_tokens, s.cost_usd) <> (
            SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
            coalesce(sum(cost_usd), 0)
            FROM messages m WHERE m.project_id = s.project_id AND m.session_id = s.id)""",
    "tool calls are counted": """
        SELECT s.id FROM sessions s WHERE (s.tool_call_count, s.failed_tool_call_count)
        <> (SELECT count(*), count(*) FILTER (WHERE status = 'FAILED')
            FROM tool_calls c WHERE c.project_id = s.project_id AND c.session_id = s.id)""",
    "each number up to a session's last is a message's that is there or was deleted": """
        SELECT s.id FROM sessions s WHERE s.message_sequence <> (
            SELECT count(*) FROM messages m
            WHERE m.project_id = s.project_id AND m.session_id = s.id
        ) + (
            SELECT coalesce(sum(d.messages), 0) FROM deletions d
            WHERE d.project_id = s.project_id AND d.session_id = s.id)""",
    "the session knows its last message": """
        SELECT s.id FROM sessions s WHERE s.message_sequence <> greatest(
            (SELECT coalesce(max(sequence), 0) FROM messages m
                WHERE m.project_id = s.project_id AND m.session_id = s.id),
            (SELECT coalesce(max(last), 0) FROM deletions d
                WHERE d.project_id = s.project_id AND d.session_id = s.id))""",
    "a deleted message is gone and its number not given again": """
        SELECT m.id FROM messages m JOIN deletions d
            ON d.project_id = m.project_id AND d.session_id = m.session_id
        WHERE m.sequence BETWEEN d.first AND d.last""",
    "events are numbered without gaps": """
        SELECT s.id FROM sessions s LEFT JOIN session_events e
            ON e.project_id = s.project_id AND e.session_id = s.id
        GROUP BY s.project_id, s.id, s.event_sequence
        HAVING min(e.sequence) IS DISTINCT FROM 1 OR max(e.sequence) <> count(*)
            OR count(*) <> s.event_sequence""",
    "events have their session's root, and positions in the order of its sequence": """
        SELECT e.id FROM (
            SELECT *, lag(position) OVER (PARTITION BY project_id, session_id ORDER BY sequence)
                AS before
            FROM session_events
        ) e JOIN sessions s ON s.project_id = e.project_id AND s.id = e.session_id
        WHERE e.root_id <> s.root_id OR e.position <= e.before""",
    "a position is one event's": """
        SELECT min(id::text) FROM session_events GROUP BY position HAVING count(*) > 1""",
    "an item has one of the numbers that its session gave out": """
        SELECT i.id FROM session_items i JOIN sessions s
            ON s.project_id = i.project_id AND s.id = i.session_id
        WHERE i.sequence > s.item_sequence""",
    "the uses of a memory are numbered without gaps": """
        SELECT m.id FROM memories m LEFT JOIN memory_accesses a
            ON a.project_id = m.project_id AND a.memory_id = m.id
        GROUP BY m.project_id, m.id HAVING max(a.sequence) <> count(a.sequence)""",
    "whatever is recorded in a session is in its feed": """
        SELECT subject.id FROM (
            SELECT project_id, id, 'message' AS type FROM messages
            UNION ALL SELECT project_id, id, 'tool_call' FROM tool_calls
            UNION ALL SELECT project_id, id, 'confirmation' FROM confirmations
            UNION ALL SELECT project_id, id, 'state_transition' FROM state_transitions
            UNION ALL SELECT project_id, id, 'session_metric' FROM session_metrics
            UNION ALL SELECT project_id, id, 'session' FROM sessions
            UNION ALL SELECT project_id, id, 'memory' FROM memories WHERE session_id IS NOT NULL
            UNION ALL SELECT project_id, id, 'memory_access' FROM memory_accesses
                WHERE session_id IS NOT NULL
        ) subject WHERE NOT EXISTS (SELECT FROM session_events e
            WHERE e.project_id = subject.project_id AND e.subject_id = subject.id
            AND e.subject_type = subject.type)""",
    "a state has a transition for each revision": """
        SELECT s.id FROM module_states s WHERE s.revision <> (SELECT count(*)
            FROM state_transitions t WHERE t.project_id = s.project_id
            AND t.module_state_id = s.id)""",
    "one version of an agent is active at most": """
        SELECT agent_id FROM agent_versions WHERE is_active GROUP BY project_id, agent_id
        HAVING count(*) > 1""",
    "an ended session waits for nothing": """
        SELECT s.id FROM sessions s JOIN confirmations c
            ON c.project_id = s.project_id AND c.session_id = s.id
        WHERE c.status = 'PENDING' AND s.ended_at IS NOT NULL""",
    "a session waits while a confirmation is pending": """
        SELECT s.id FROM sessions s WHERE s.status IN ('ACTIVE', 'WAITING')
        AND (s.status = 'WAITING') <> EXISTS (SELECT FROM confirmations c
            WHERE c.project_id = s.project_id AND c.session_id = s.id AND c.status = 'PENDING')""",
    "a call awaits a confirmation while that is pending": """
        SELECT t.id FROM tool_calls t WHERE (t.status = 'AWAITING_CONFIRMATION')
        <> EXISTS (SELECT FROM confirmations c WHERE c.project_id = t.project_id
            AND c.tool_call_id = t.id AND c.status = 'PENDING')""",
    "a session has an end just when it has ended": """
        SELECT id FROM sessions WHERE (ended_at IS NULL) <> (status IN ('ACTIVE', 'WAITING'))""",
    "a call has an end just when it has ended": """
        SELECT id FROM tool_calls WHERE (ended_at IS NULL)
        <> (status IN ('PENDING', 'AWAITING_CONFIRMATION', 'RUNNING'))""",
    "the end of a call is in the feed once": """
        SELECT c.id FROM tool_calls c WHERE (c.ended_at IS NOT NULL)::integer
        <> (SELECT count(*) FROM session_events e WHERE e.project_id = c.project_id
            AND e.subject_id = c.id AND e.event_type = 'tool_call.completed')""",
    "a decision is in the feed once": """
        SELECT c.id FROM confirmations c WHERE (c.decided_at IS NOT NULL)::integer
        <> (SELECT count(*) FROM session_events e WHERE e.project_id = c.project_id
            AND e.subject_id = c.id AND e.event_type = 'confirmation.decided')""",
    "the attempts of a call are numbered without gaps where no message was deleted": """
        SELECT session_id FROM tool_calls c WHERE tool_call_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM deletions d WHERE d.project_id = c.project_id
            AND d.session_id = c.session_id)
        GROUP BY project_id, session_id, tool_call_id
        HAVING min(attempt) <> 1 OR max(attempt) <> count(*)""",
    "the calls of a message are numbered without gaps": """
        SELECT message_id FROM tool_calls GROUP BY project_id, message_id
        HAVING min(index) <> 0 OR max(index) <> count(*) - 1""",
    "a version that was active has its times": """
        SELECT id FROM agent_versions WHERE (is_active AND activated_at IS NULL)
        OR (is_active AND deactivated_at IS NOT NULL)""",
    "a memory has kept a revision for each change": """
        SELECT m.id FROM memories m WHERE m.revision - 1 <> (SELECT count(*)
            FROM memory_revisions r WHERE r.project_id = m.project_id AND r.memory_id = m.id)""",
    "accesses are counted": """
        SELECT m.id FROM memories m WHERE m.access_count <> (SELECT count(*)
            FROM memory_accesses a WHERE a.project_id = m.project_id AND a.memory_id = m.id)""",
    "a child stands one level below its parent, under the same root": """
        SELECT c.id FROM sessions c JOIN sessions p
            ON p.project_id = c.project_id AND p.id = c.parent_id
        WHERE c.depth <> p.depth + 1 OR c.root_id <> p.root_id""",
}

_DELETIONS = """
    CREATE TEMPORARY VIEW deletions AS SELECT project_id, session_id,
        coalesce(event_data ->> 'sequence', '1')::integer AS first,
        coalesce(event_data ->> 'sequence', event_data ->> 'lastSequence')::integer AS last,
        coalesce(event_data ->> 'messageCount', '1')::integer AS messages
    FROM session_events WHERE event_type IN ('message.deleted', 'messages.deleted')"""
"""The deletions of messages that the feeds tell of, with the numbers that are gone."""

_LOG = """
    SELECT s.id, s.state::text AS state, s.state_hash, t.is_patch, t.new_values::text AS new_values
    FROM module_states s JOIN state_transitions t
        ON t.project_id = s.project_id AND t.module_state_id = s.id
    ORDER BY s.project_id, s.id, t.revision"""


async def count_rows(engine: AsyncEngine) -> dict[str, int]:
    """Count the rows of every table."""
    async with engine.connect() as connection:
        return {
            table.name: await connection.scalar(text(f"SELECT count(*) FROM {table.name}"))
            for table in Base.metadata.sorted_tables
        }


async def digest_rows(engine: AsyncEngine) -> dict[str, str | None]:
    """Digest what the rows of every table say, to tell whether anything was written."""
    async with engine.connect() as connection:
        return {
            table.name: await connection.scalar(
                text(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table.name} t")
            )
            for table in Base.metadata.sorted_tables
        }


async def check_invariants(engine: AsyncEngine) -> None:
    """Fail, naming what is broken, unless the whole store is as it must be."""
    async with engine.connect() as connection:
        await connection.execute(text(_DELETIONS))
        for name, statement in _BROKEN.items():
            broken = (await connection.execute(text(statement))).all()
            assert not broken, name
        log = await connection.execute(text(_LOG))
        entries = groupby(log, key=lambda row: row.id)
        for _, transitions in entries:
            document = None
            for entry in transitions:
                values = loads(entry.new_values)
                document = merge(document, values) if entry.is_patch else values
                state, state_hash = loads(entry.state), entry.state_hash
            assert document == state, "the log replays to the state"
            assert digest(document) == state_hash, "the hash is the state's"
