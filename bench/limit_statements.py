"""The statement of each operation that gives the whole answer as JSON."""

_AGENT = """
(SELECT row_to_json(a) FROM (
    SELECT id, name FROM agents WHERE project_id = 1 AND id = {session}.agent_id) a) AS agent,
(SELECT row_to_json(v) FROM (
    SELECT id, version_number AS "versionNumber" FROM agent_versions
    WHERE project_id = 1 AND id = {session}.agent_version_id) v) AS "agentVersion"
"""

_POINT = f"""
SELECT json_build_object('data', json_build_object('session', (
    SELECT row_to_json(found) FROM (
        SELECT id, status, title, purpose, user_id AS "userId", created_at AS "createdAt",
            message_count AS "messageCount", {_AGENT.format(session="s")}
        FROM sessions s WHERE project_id = 1 AND id = $1
    ) found)))
"""

_PAGE = """
SELECT json_build_object('data', json_build_object('sessions', (
    SELECT coalesce(json_agg(listed), '[]') FROM (
        SELECT id, status, title, user_id AS "userId", created_at AS "createdAt", (
            SELECT coalesce(json_agg(message), '[]') FROM (
                SELECT id, role, content, created_at AS "createdAt", sequence, (
                    SELECT coalesce(json_agg(call), '[]') FROM (
                        SELECT id, tool_name AS "toolName", arguments, result, status
                        FROM tool_calls WHERE project_id = 1 AND message_id = m.id ORDER BY index
                    ) call) AS "toolCalls"
                FROM (
                    SELECT * FROM (
                        SELECT id, role, content, created_at, sequence FROM messages
                        WHERE project_id = 1 AND session_id = s.id ORDER BY sequence DESC LIMIT 20
                    ) newest ORDER BY sequence
                ) m
            ) message) AS messages
        FROM sessions s WHERE project_id = 1 ORDER BY created_at DESC, id DESC LIMIT 50
    ) listed)))
"""

_WRITE = """
WITH memory AS (
    UPDATE memories SET access_count = access_count + 1, last_accessed_at = now()
    WHERE project_id = 1 AND id = $1 RETURNING id, access_count
), access AS (
    INSERT INTO memory_accesses (project_id, id, memory_id, sequence, access_type, accessed_by,
        accessor_type, context, usefulness)
    SELECT 1, uuidv7(), id, access_count, $2, $3, $4, $5, $6 FROM memory RETURNING id
)
SELECT json_build_object('data', json_build_object('recordMemoryAccess', json_build_object(
    'memoryAccess', json_build_object('id', access.id),
    'memory', json_build_object('id', memory.id, 'accessCount', memory.access_count))))
FROM access, memory
"""


def _select_parts(depth: int, condition: str) -> str:
    """Select a session's parts and, down to the second level below the root, its children."""
    session = f"s{depth}"
    children = ""
    if depth < 2:  # noqa: PLR2004  the levels that the operation asks for
        below = _select_parts(
            depth + 1, f"parent_id = {session}.id ORDER BY s{depth + 1}.created_at, s{depth + 1}.id"
        )
        children = f", (SELECT coalesce(json_agg(c), '[]') FROM ({below}) c) AS children"
    return f"""
SELECT {session}.id, status, title, created_at AS "createdAt", message_count AS "messageCount",
    {_AGENT.format(session=session)}, (
    SELECT coalesce(json_agg(message), '[]') FROM (
        SELECT id, role, content, sequence FROM messages
        WHERE project_id = 1 AND session_id = {session}.id ORDER BY sequence LIMIT 5
    ) message) AS messages, (
    SELECT coalesce(json_agg(state), '[]') FROM (
        SELECT id, module_id AS "moduleId", revision, (
            SELECT coalesce(json_agg(transition), '[]') FROM (
                SELECT id, trigger_type AS "triggerType", new_values AS "newValues", revision,
                    created_at AS "createdAt"
                FROM state_transitions t WHERE project_id = 1 AND module_state_id = m.id
                ORDER BY t.revision
            ) transition) AS transitions
        FROM module_states m WHERE project_id = 1 AND session_id = {session}.id
        ORDER BY m.created_at, m.id
    ) state) AS "moduleStates", (
    SELECT coalesce(json_agg(memory), '[]') FROM (
        SELECT id, content, importance, (
            SELECT coalesce(json_agg(access), '[]') FROM (
                SELECT id, access_type AS "accessType", usefulness, occurred_at AS "occurredAt"
                FROM memory_accesses WHERE project_id = 1 AND memory_id = m.id
                ORDER BY occurred_at DESC, id DESC LIMIT 5
            ) access) AS accesses
        FROM memories m WHERE project_id = 1 AND session_id = {session}.id
        ORDER BY m.created_at, m.id
    ) memory) AS memories {children}
FROM sessions {session} WHERE {session}.project_id = 1 AND {session}.{condition}
"""


_TREE = f"""
SELECT json_build_object('data', json_build_object('session', (
    SELECT row_to_json(root) FROM ({_select_parts(0, "id = $1")}) root)))
"""

STATEMENTS = {"point": _POINT, "page": _PAGE, "tree": _TREE, "write": _WRITE}
"""Point and tree take the session's id; write the memory's id, then the columns of the access."""
