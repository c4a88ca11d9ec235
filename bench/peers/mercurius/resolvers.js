import { SESSION, select } from './database.js'

export const resolvers = {
  Query: {
    session: async (_, { id }) => {
      const rows = await select(
        `SELECT ${SESSION} FROM sessions WHERE project_id = 1 AND id = $1`, [id])
      return rows[0] ?? null
    },
    sessions: (_, { first }) => select(
      `SELECT ${SESSION} FROM sessions WHERE project_id = 1
       ORDER BY created_at DESC, id DESC LIMIT $1`, [first])
  },
  Mutation: {
    // one statement is one transaction
    recordMemoryAccess: async (_, { input }) => {
      const rows = await select(
        `WITH memory AS (
           UPDATE memories SET access_count = access_count + 1, last_accessed_at = now()
           WHERE project_id = 1 AND id = $1 RETURNING *
         ), access AS (
           INSERT INTO memory_accesses (project_id, id, memory_id, sequence, access_type,
             accessed_by, accessor_type, context, usefulness)
           SELECT 1, uuidv7(), id, access_count, $2, $3, $4, $5, $6 FROM memory RETURNING *
         )
         SELECT access.id, access.access_type, access.usefulness, access.occurred_at,
           memory.id AS memory_id, content, importance, access_count FROM access, memory`,
        [input.memory, input.accessType, input.accessedBy, input.accessorType,
          JSON.stringify(input.context), input.usefulness])
      if (rows.length === 0) throw new Error('There is no such memory.')
      const row = rows[0]
      return {
        memoryAccess: {
          id: row.id,
          accessType: row.access_type,
          usefulness: row.usefulness,
          occurredAt: row.occurred_at
        },
        memory: {
          id: row.memory_id,
          content: row.content,
          importance: row.importance,
          accessCount: row.access_count
        }
      }
    }
  }
}
