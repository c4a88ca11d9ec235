// Where the database is comes from PGHOST, PGUSER and PGDATABASE, which node-postgres reads.

import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './.generated/prisma/client.ts'

const names = new Map()

/** Name a prepared statement: each text is parsed and planned once a connection. */
function statementNameGenerator ({ sql }) {
  let name = names.get(sql)
  if (name === undefined) {
    name = `statement_${names.size}`
    names.set(sql, name)
  }
  return name
}

export const prisma = new PrismaClient({
  adapter: new PrismaPg({ max: 10, options: '-c jit=off' }, { statementNameGenerator })
})

/** Relations by LATERAL joins in one statement: `query`, a statement for each, was slower. */
export const relationLoadStrategy = 'join'
