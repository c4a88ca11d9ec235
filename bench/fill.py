"""Fills a migrated database with sessions, most of them in trees, by statements over whole sets.

A fifth of the sessions are roots with three children each, and half of the roots have two
grandchildren. Each session has 20 messages, 10 tool calls, a module state of 5 transitions, and 2
memories that were used 10 times each. So sizes per session stay the same at every scale.
"""

from hashlib import sha256
from time import perf_counter

import asyncpg

from migrations.runner import latest_revision

SESSIONS = 20_000
"""At scale 1; of messages there are twenty times as many, and so on."""

_PREPARE = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SELECT setseed(0.5);
DROP TABLE IF EXISTS pg_temp.numbered;
CREATE TEMP TABLE numbered (n integer, parent integer, created_at timestamptz, id uuid);
"""
"""Foreign keys are not checked while it fills: the keys are made by the same expressions."""

# roots are 1..s/5, their children up to 4s/5, the children's children the rest
_NUMBERED = """
INSERT INTO numbered SELECT n, parent, created_at, uuidv7(created_at - clock_timestamp())
FROM (
    SELECT n, now() - interval '60 days' * (1 - n::float / $1::integer) AS created_at,
        CASE WHEN n <= $1 / 5 THEN NULL
            WHEN n <= $1 / 5 * 4 THEN (n - 1) % ($1 / 5) + 1
            ELSE $1 / 5 + (n - 1) % ($1 / 10) + 1 END AS parent
    FROM generate_series(1, $1) n
) made
"""

_STATEMENTS = {
    "agents": """
INSERT INTO agents (project_id, id, agent_id, name, description, metadata, input_hash)
SELECT 1, uuidv7(), 'agent-' || n, 'Agent ' || n, 'Answers questions about orders',
    '{"team": "support"}', ''
FROM generate_series(1, 10) n""",
    "agent_versions": """
INSERT INTO agent_versions (project_id, id, agent_id, version_number, changes, configuration,
    is_active)
SELECT 1, uuidv7(), id, '1.' || n || '.0', '{"prompt": "Shorter answers"}',
    '{"model": "large", "temperature": 0.2}', n = 5
FROM agents, generate_series(1, 5) n""",
    "sessions": """
INSERT INTO sessions (project_id, id, created_at, session_id, parent_id, root_id, depth, kind,
    agent_id, agent_version_id, user_id, status, title, purpose, tags, source, context, metadata,
    quality_score, started_at, ended_at, last_activity_at, updated_at, input_hash,
    message_sequence, message_count, tool_call_count, input_tokens, output_tokens, cost_usd)
SELECT 1, s.id, s.created_at, 'run-' || s.n, parent.id, coalesce(root.id, parent.id, s.id),
    num_nonnulls(parent.id, root.id), CASE WHEN parent.id IS NULL THEN 'ROOT' ELSE 'SUBAGENT' END,
    v.agent_id, v.id, 'user-' || s.n % 500,
    CASE WHEN s.n % 7 = 0 THEN 'ACTIVE' ELSE 'COMPLETED' END,
    'Question ' || s.n || ' about a late order',
    'Find out where the order is and tell the customer',
    ARRAY['orders', 'tier-' || s.n % 9], 'web',
    jsonb_build_object('channel', 'web', 'order', s.n), '{"region": "eu"}',
    round(random()::numeric, 3), s.created_at,
    CASE WHEN s.n % 7 > 0 THEN s.created_at + interval '4 minutes' END,
    s.created_at + interval '4 minutes', s.created_at + interval '4 minutes', '',
    20, 20, 10, 12000, 3000, 0.0841
FROM numbered s
LEFT JOIN numbered parent ON parent.n = s.parent
LEFT JOIN numbered root ON root.n = parent.parent
JOIN (SELECT id, agent_id, row_number() OVER (ORDER BY id) AS n FROM agent_versions) v
    ON v.n = s.n % 50 + 1
ORDER BY s.n""",
    "messages": """
INSERT INTO messages (project_id, id, created_at, updated_at, session_id, sequence, role, content,
    provider, request_model, finish_reasons, input_tokens, output_tokens, duration_ms, metadata)
SELECT 1, uuidv7(at - clock_timestamp()), at, at, id, sequence,
    CASE WHEN said THEN 'ASSISTANT' ELSE 'USER' END,
    repeat('The parcel of order ' || n * sequence || ' left the depot and is on its way. ',
        1 + (n + sequence) % 5),
    CASE WHEN said THEN 'provider' END, CASE WHEN said THEN 'large' END,
    CASE WHEN said THEN '{stop}'::text[] ELSE '{}' END, CASE WHEN said THEN 1200 END,
    CASE WHEN said THEN 300 END, CASE WHEN said THEN 1840 END, '{"locale": "en"}'
FROM (
    SELECT s.n, s.id, sequence, sequence % 2 = 0 AS said,
        s.created_at + sequence * interval '10 seconds' AS at
    FROM numbered s, generate_series(1, 20) sequence
    ORDER BY s.n, sequence
) made""",
    "tool_calls": """
INSERT INTO tool_calls (project_id, id, created_at, updated_at, session_id, message_id, index,
    tool_call_id, tool_name, tool_type, arguments, result, status, started_at, ended_at,
    duration_ms)
SELECT 1, uuidv7(created_at - clock_timestamp()), created_at, created_at, session_id, id, 0,
    'call-' || sequence, (ARRAY['search', 'read_file', 'write_file', 'sql'])[1 + sequence / 2 % 4],
    'function', json_build_object('query', 'parcels of order ' || sequence, 'limit', 10),
    json_build_object('rows', json_build_array(
        json_build_object('id', sequence, 'title', 'Parcel', 'weight', 1.25),
        json_build_object('id', sequence + 1, 'title', 'Letter', 'weight', 0.02)), 'more', false),
    CASE WHEN sequence % 9 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
    created_at, created_at + interval '70 milliseconds', 70
FROM messages WHERE role = 'ASSISTANT'""",
    "module_states": """
INSERT INTO module_states (project_id, id, created_at, updated_at, session_id, module_id,
    state_type, version, state, state_hash, revision)
SELECT 1, uuidv7(created_at - clock_timestamp()), created_at, created_at, id, 'planner', 'plan',
    '1', '{"step": 5, "todo": ["find the parcel", "tell the customer"]}', sha256('plan'), 5
FROM numbered""",
    "state_transitions": """
INSERT INTO state_transitions (project_id, id, created_at, module_state_id, revision, is_patch,
    trigger_type, transition_data, previous_values, new_values, actor_type)
SELECT 1, uuidv7(at - clock_timestamp()), at, id, revision, revision > 1, 'tool_result',
    json_build_object('reason', 'step done'), json_build_object('step', revision - 1),
    json_build_object('step', revision), 'agent'
FROM (
    SELECT id, n AS revision, created_at + n * interval '30 seconds' AS at
    FROM module_states, generate_series(1, 5) n
) made""",
    "memories": """
INSERT INTO memories (project_id, id, created_at, updated_at, agent_id, user_id, session_id, type,
    memory_type, content, importance, confidence, access_count, last_accessed_at)
SELECT 1, uuidv7(s.created_at - clock_timestamp()), s.created_at, s.created_at, s.agent_id,
    s.user_id, s.id, 'semantic', 'preference',
    jsonb_build_object('preference', 'contact by mail', 'number', k),
    round(random()::numeric, 3), round(random()::numeric, 3), 10, s.created_at
FROM sessions s, generate_series(1, 2) k""",
    "memory_accesses": """
INSERT INTO memory_accesses (project_id, id, created_at, occurred_at, memory_id, sequence,
    session_id, access_type, accessed_by, accessor_type, context, query_text, rank, score,
    usefulness)
SELECT 1, uuidv7(at - clock_timestamp()), at, at, id, k,
    session_id, 'retrieval', 'planner', 'agent', '{"purpose": "contact"}',
    'how to reach the customer', k, 0.8, round(random()::numeric, 3)
FROM (
    SELECT id, session_id, k, created_at + k * interval '1 minute' AS at
    FROM memories, generate_series(1, 10) k
) made""",
}


def digest(sessions: int) -> str:
    """Tell one content from another: a database with the same needs no filling."""
    parts = [_PREPARE, _NUMBERED, *_STATEMENTS.values(), str(sessions), latest_revision() or ""]
    return sha256("\n".join(parts).encode()).hexdigest()


async def fill(connection: "asyncpg.Connection[asyncpg.Record]", sessions: int) -> None:
    """Fill a migrated, empty database with so many sessions."""
    await connection.execute(_PREPARE)
    await connection.execute(_NUMBERED, sessions)
    await connection.execute("CREATE INDEX ON numbered (n); ANALYZE numbered")
    for table, statement in _STATEMENTS.items():
        started = perf_counter()
        rows = (await connection.execute(statement)).rpartition(" ")[2]
        print(f"{table:18} {rows:>9} rows {perf_counter() - started:6.1f} s", flush=True)
    await connection.execute("VACUUM ANALYZE")
