// Make a database with Prisma and fill it with awkward data; print what it holds, as JSON.
//
// node fill.js '{"schema": "enhanced", "provider": "sqlite", "url": "file:…", "mapped": false}'
//
// The report has of each model `rows`, as the client gives them, and `remarks`, which tell of the
// rows that are awkward by their ids; and the names that are `mapped`.

import { openDatabase } from './database.js'
import { fillEnhanced } from './enhanced.js'
import { fillStorageAdapter } from './storage_adapter.js'
import { mappingOf } from './schemas.js'
import { Writer } from './writer.js'

const task = JSON.parse(process.argv[2])
const { Prisma, prisma } = await openDatabase(task)
const writer = new Writer(prisma, Prisma, task.provider)
await (task.schema === 'enhanced' ? fillEnhanced : fillStorageAdapter)(writer)
await prisma.$disconnect()
const report = JSON.stringify({
  models: writer.models,
  mapping: task.mapped ? mappingOf(task.schema) : {}
})
// the client of SQLite leaves a timer running
process.stdout.write(report, () => process.exit())
