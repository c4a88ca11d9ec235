// A loader is asked for a field of all objects of a level at once. Rows come with the key of their
// parent as `parent`.

import { SESSION, select } from './database.js'

/** Load the row that a column of the parents leads to. */
function one (statement, column) {
  return async (queries) => {
    const ids = [...new Set(queries.map(({ obj }) => obj[column]).filter((id) => id !== null))]
    const rows = new Map((await select(statement, [ids])).map((row) => [row.id, row]))
    return queries.map(({ obj }) => rows.get(obj[column]) ?? null)
  }
}

/** Load all rows of each parent. */
function many (columns, table, key, order) {
  const statement = `SELECT ${columns}, ${key} AS parent FROM ${table}
    WHERE project_id = 1 AND ${key} = ANY($1::uuid[]) ORDER BY ${order}`
  return async (queries) => group(queries, await select(statement, [parents(queries)]))
}

/** Load the first or last rows of each parent, by a column; `last` is in the column's order. */
function top (columns, table, key, column, { newestFirst = false } = {}) {
  const statement = (direction) => `SELECT t.* FROM unnest($1::uuid[]) AS p (id), LATERAL (
    SELECT ${columns}, ${key} AS parent FROM ${table}
    WHERE project_id = 1 AND ${key} = p.id ORDER BY ${column} ${direction} LIMIT $2) t`
  return async (queries) => {
    const { first, last } = queries[0].params
    const descending = newestFirst || last != null
    const rows = await select(
      statement(descending ? 'DESC' : 'ASC'), [parents(queries), last ?? first])
    return group(queries, descending && !newestFirst ? rows.reverse() : rows)
  }
}

function parents (queries) {
  return queries.map(({ obj }) => obj.id)
}

function group (queries, rows) {
  const groups = new Map(queries.map(({ obj }) => [obj.id, []]))
  for (const row of rows) groups.get(row.parent).push(row)
  return queries.map(({ obj }) => groups.get(obj.id))
}

// what is loaded is asked for once in an operation: a cache would only cost
function uncached (fields) {
  return Object.fromEntries(Object.entries(fields).map(
    ([name, loader]) => [name, { loader, opts: { cache: false } }]))
}

const MESSAGE = 'id, role, content, sequence, created_at AS "createdAt"'
const TOOL_CALL = 'id, tool_name AS "toolName", arguments, result, status'
const MODULE_STATE = 'id, module_id AS "moduleId", revision'
const TRANSITION = `id, trigger_type AS "triggerType", new_values AS "newValues", revision,
  created_at AS "createdAt"`
const MEMORY = 'id, content, importance, access_count AS "accessCount"'
const ACCESS = 'id, access_type AS "accessType", usefulness, occurred_at AS "occurredAt"'

export const loaders = {
  Session: uncached({
    agent: one('SELECT id, name FROM agents WHERE project_id = 1 AND id = ANY($1::uuid[])',
      'agentId'),
    agentVersion: one(`SELECT id, version_number AS "versionNumber" FROM agent_versions
      WHERE project_id = 1 AND id = ANY($1::uuid[])`, 'agentVersionId'),
    children: many(SESSION, 'sessions', 'parent_id', 'created_at, id'),
    messages: top(MESSAGE, 'messages', 'session_id', 'sequence'),
    moduleStates: many(MODULE_STATE, 'module_states', 'session_id', 'created_at, id'),
    memories: many(MEMORY, 'memories', 'session_id', 'created_at, id')
  }),
  Message: uncached({
    toolCalls: many(TOOL_CALL, 'tool_calls', 'message_id', 'index')
  }),
  ModuleState: uncached({
    transitions: many(TRANSITION, 'state_transitions', 'module_state_id', 'revision')
  }),
  Memory: uncached({
    accesses: top(ACCESS, 'memory_accesses', 'memory_id', 'occurred_at', { newestFirst: true })
  })
}
