// Write each schema and its Prisma client. The Makefile keeps Prisma from downloading an engine.

import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PROVIDERS, SCHEMAS, folderOf, writeSchema } from './schemas.js'

const prisma = fileURLToPath(new URL('node_modules/.bin/prisma', import.meta.url))

rmSync(new URL('.generated', import.meta.url), { recursive: true, force: true })
for (const schema of SCHEMAS) {
  for (const provider of PROVIDERS) {
    for (const mapped of [false, true]) {
      const folder = folderOf(schema, provider, mapped)
      mkdirSync(folder, { recursive: true })
      const path = fileURLToPath(new URL('schema.prisma', folder))
      writeFileSync(path, writeSchema(schema, provider, mapped))
      execFileSync(prisma, ['generate', '--no-hints', '--schema', path], { stdio: 'pipe' })
    }
  }
}
