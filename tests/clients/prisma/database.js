// A database as Prisma makes it: its schema engine (the WebAssembly one, which needs no download)
// writes the tables, and its client writes the rows.

import { readFileSync } from 'node:fs'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { mysqlTables } from './mysql_tables.js'
import { folderOf } from './schemas.js'

/** Make the tables in an empty database; give a client of it, and Prisma's own names. */
export async function openDatabase ({ schema, provider, url, mapped, timestampFormat }) {
  const folder = folderOf(schema, provider, mapped)
  const adapter = openAdapter(provider, url, timestampFormat)
  const { Prisma, PrismaClient } = (await import(new URL('client/index.js', folder))).default
  const prisma = new PrismaClient({ adapter })
  const content = readFileSync(new URL('schema.prisma', folder), 'utf8')
  const statements =
    provider === 'mysql' ? mysqlTables(content) : await writeTables(adapter, content)
  for (const statement of statements) await prisma.$executeRawUnsafe(statement)
  return { Prisma, prisma }
}

/** A driver adapter. SQLite keeps times as numbers, as Prisma's engine did, or as text. */
function openAdapter (provider, url, timestampFormat = 'unixepoch-ms') {
  if (provider === 'sqlite') return new PrismaLibSql({ url }, { timestampFormat })
  if (provider === 'mysql') return new PrismaMariaDb(url)
  return new PrismaPg({ connectionString: url })
}

/** Write the statements that `prisma migrate diff --from-empty --script` writes. */
async function writeTables (adapter, content) {
  const path = 'schema.prisma'
  const { SchemaEngine } = await loadEngine()
  const engine = await SchemaEngine.new(
    { datamodels: [[path, content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapter)
  )
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [{ path, content }] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] }
  })
  engine.free()
  return stdout.split(/;\n/).filter(statement => statement.trim())
}

async function loadEngine () {
  const path = import.meta
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/js$/, 'wasm')
  const { instance } = await WebAssembly.instantiate(readFileSync(new URL(path)), {
    './schema_engine_bg.js': bindings
  })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return bindings
}
