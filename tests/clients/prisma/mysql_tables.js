// The tables that Prisma makes on MySQL, which its WebAssembly engine does not know: by the mapping
// of types that Prisma documents for MySQL.

const TYPES = {
  String: 'VARCHAR(191)',
  Boolean: 'BOOLEAN',
  Int: 'INTEGER',
  Float: 'DOUBLE',
  DateTime: 'DATETIME(3)',
  Json: 'JSON'
}
const DEFAULTS = { 'now()': 'CURRENT_TIMESTAMP(3)' }
const ACTIONS = { Cascade: 'CASCADE', NoAction: 'NO ACTION' }

/** The statements that make the tables of a Prisma schema, and then their foreign keys. */
export function mysqlTables (schema) {
  const models = Array.from(schema.matchAll(/^model (\w+) \{\n([^]*?)^\}/gm), readModel)
  const tables = Object.fromEntries(models.map(model => [model.name, model]))
  return [...models.map(makeTable), ...models.flatMap(model => makeForeignKeys(model, tables))]
}

function readModel ([, name, body]) {
  const lines = body.trimEnd().split('\n')
  const fields = lines.map(line => line.match(/^ {2}(\w+) +(\w+)(\[\]|\?)?(.*)$/)).filter(Boolean)
  const columns = new Map(
    fields
      .filter(([, , type]) => type in TYPES)
      .map(([, field, type, mark, rest]) => [
        field,
        { name: rest.match(/@map\("(\w+)"\)/)?.[1] ?? field, type, isOptional: mark === '?', rest }
      ])
  )
  const relations = fields.filter(([, , , , rest]) => rest.includes('fields:'))
  const indexes = Array.from(body.matchAll(/@@index\(\[(.*?)\]\)/g), ([, list]) => list.split(', '))
  return { name, table: body.match(/@@map\("(\w+)"\)/)?.[1] ?? name, columns, relations, indexes }
}

function makeTable ({ table, columns, indexes }) {
  const parts = Array.from(columns.values(), ({ name, type, isOptional, rest }) => {
    const written = rest.includes('@db.LongText') ? 'LONGTEXT' : TYPES[type]
    const given = rest.match(/@default\((now\(\)|true|false|[\d.]+|"\w+")\)/)?.[1]
    const standard =
      given === undefined ? '' : ` DEFAULT ${DEFAULTS[given] ?? given.replaceAll('"', "'")}`
    return `\`${name}\` ${written} ${isOptional ? 'NULL' : 'NOT NULL'}${standard}`
  })
  for (const { name, rest } of columns.values()) {
    if (rest.includes('@unique')) parts.push(`UNIQUE INDEX \`${table}_${name}_key\`(\`${name}\`)`)
  }
  for (const fields of indexes) {
    const names = fields.map(field => columns.get(field).name)
    parts.push(
      `INDEX \`${table}_${names.join('_')}_idx\`(${names.map(name => `\`${name}\``).join(', ')})`
    )
  }
  parts.push('PRIMARY KEY (`id`)')
  const charset = 'DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci'
  return `CREATE TABLE \`${table}\` (${parts.join(', ')}) ${charset}`
}

function makeForeignKeys ({ table, columns, relations }, tables) {
  return relations.map(([, , type, , rest]) => {
    const { name, isOptional } = columns.get(rest.match(/fields: \[(\w+)\]/)[1])
    const removal =
      ACTIONS[rest.match(/onDelete: (\w+)/)?.[1]] ?? (isOptional ? 'SET NULL' : 'RESTRICT')
    const change = ACTIONS[rest.match(/onUpdate: (\w+)/)?.[1]] ?? 'CASCADE'
    return (
      `ALTER TABLE \`${table}\` ADD CONSTRAINT \`${table}_${name}_fkey\` FOREIGN KEY (\`${name}\`) ` +
      `REFERENCES \`${tables[type].table}\`(\`id\`) ON DELETE ${removal} ON UPDATE ${change}`
    )
  })
}
