// Where the database is comes from PGHOST, PGUSER and PGDATABASE, which node-postgres reads.

import pg from 'pg'

const TIMESTAMP = 1184

// the server's time zone is UTC; a Date would cost more than text, and lose the microseconds
pg.types.setTypeParser(TIMESTAMP, (text) => text.replace(' ', 'T').replace('+00', 'Z'))

const pool = new pg.Pool({ max: 10, options: '-c jit=off' })
const names = new Map()

/** Run a statement, prepared once a connection, and give its rows. */
export async function select (text, values) {
  let name = names.get(text)
  if (name === undefined) {
    name = `statement_${names.size}`
    names.set(text, name)
  }
  return (await pool.query({ name, text, values })).rows
}

export const SESSION = `id, agent_id AS "agentId", agent_version_id AS "agentVersionId", status,
  title, purpose, user_id AS "userId", message_count AS "messageCount", created_at AS "createdAt"`
