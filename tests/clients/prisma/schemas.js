// The schemas for each database, with Prisma's own names or with mapped ones.

import { readFileSync } from 'node:fs'

export const SCHEMAS = ['storage_adapter', 'enhanced']
export const PROVIDERS = ['sqlite', 'postgresql', 'mysql']

/** The folder of what is made for a schema on a database. */
export function folderOf (schema, provider, mapped) {
  return new URL(`.generated/${schema}-${provider}${mapped ? '-mapped' : ''}/`, import.meta.url)
}

/**
 * Write a schema for a database. Lists are JSON where the database has none, and `// long` is text
 * of any length where `String` is short. A mapped schema has names that cannot be guessed.
 */
export function writeSchema (schema, provider, mapped) {
  const models = readModels(schema)
  const head = [
    'datasource db {',
    `  provider = "${provider}"`,
    '}',
    'generator client {',
    '  provider = "prisma-client-js"',
    '  output = "./client"',
    '}'
  ]
  const written = Object.entries(models).map(([name, lines]) => [
    `model ${name} {`,
    ...lines.map(line => writeLine(line, models, provider, mapped)),
    ...(mapped ? [`  @@map("${tableOf(name)}")`] : []),
    '}'
  ])
  return [head, ...written].flat().join('\n') + '\n'
}

/** The mapped names: each model's table, and the columns of its fields that are spelled otherwise. */
export function mappingOf (schema) {
  const models = readModels(schema)
  return Object.fromEntries(
    Object.entries(models).map(([name, lines]) => {
      const fields = lines.map(line => fieldOf(line, models)).filter(Boolean)
      const renamed = fields.filter(field => columnOf(field) !== field)
      return [
        name,
        {
          table: tableOf(name),
          columns: Object.fromEntries(renamed.map(field => [field, columnOf(field)]))
        }
      ]
    })
  )
}

function readModels (schema) {
  const text = readFileSync(new URL(`schemas/${schema}.prisma`, import.meta.url), 'utf8')
  const found = text.matchAll(/^model (\w+) \{\n([^]*?)^\}/gm)
  return Object.fromEntries(
    Array.from(found, ([, name, body]) => [name, body.trimEnd().split('\n')])
  )
}

function writeLine (line, models, provider, mapped) {
  let [written, remark = ''] = line.split('//')
  if (provider !== 'postgresql') written = written.replace(/(String|Float)\[\](?=\s*$)/, 'Json?')
  if (provider === 'mysql' && remark.trim() === 'long') written += ' @db.LongText'
  const field = fieldOf(line, models)
  if (mapped && field && columnOf(field) !== field) written += ` @map("${columnOf(field)}")`
  return written
}

/** The name of the field that is a column, if the line tells of one. */
function fieldOf (line, models) {
  const found = line.match(/^ {2}(\w+) +(\w+)/)
  return found && !(found[2] in models) ? found[1] : undefined
}

function tableOf (model) {
  return `app_${snakeCase(model)}_rows`
}

function columnOf (field) {
  return field === 'sessionId' ? 'session' : snakeCase(field)
}

function snakeCase (name) {
  return name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
}
