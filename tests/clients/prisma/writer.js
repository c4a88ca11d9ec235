// Writes rows with Prisma's client, and keeps what it wrote.

const FOREIGN_KEYS_OFF = {
  postgresql: "SET LOCAL session_replication_role = 'replica'",
  mysql: 'SET FOREIGN_KEY_CHECKS = 0'
}

export class Writer {
  constructor (prisma, Prisma, provider) {
    this.prisma = prisma
    this.provider = provider
    this.jsonNull = Prisma.JsonNull
    this.takesDeepJson = provider !== 'mysql' // MariaDB takes 32 levels
    this.models = Object.fromEntries(
      Object.keys(Prisma.ModelName).map(name => [name, { rows: [], remarks: {} }])
    )
  }

  /** Write a row; a remark says what is awkward in it. */
  async write (model, data, remark) {
    return this.#keep(model, await delegate(this.prisma, model).create({ data }), remark)
  }

  /** Write many rows at once, of which every field is given. */
  async writeMany (model, rows) {
    for (let start = 0; start < rows.length; start += 500) {
      await delegate(this.prisma, model).createMany({ data: rows.slice(start, start + 500) })
    }
    this.models[model].rows.push(...rows)
  }

  /** Write a row whose foreign key leads nowhere. */
  async writeOrphan (model, data, remark) {
    if (this.provider === 'sqlite') {
      await this.prisma.$executeRawUnsafe('PRAGMA foreign_keys = OFF')
      const row = await delegate(this.prisma, model).create({ data })
      await this.prisma.$executeRawUnsafe('PRAGMA foreign_keys = ON')
      return this.#keep(model, row, remark)
    }
    const row = await this.prisma.$transaction(async transaction => {
      await transaction.$executeRawUnsafe(FOREIGN_KEYS_OFF[this.provider])
      const made = await delegate(transaction, model).create({ data })
      if (this.provider === 'mysql')
        await transaction.$executeRawUnsafe('SET FOREIGN_KEY_CHECKS = 1')
      return made
    })
    return this.#keep(model, row, remark)
  }

  /** Change a row that was written. */
  async change (model, id, data, remark) {
    const changed = await delegate(this.prisma, model).update({ where: { id }, data })
    const { rows } = this.models[model]
    rows[rows.findIndex(row => row.id === id)] = changed
    if (remark !== undefined) this.models[model].remarks[id] = remark
  }

  #keep (model, row, remark) {
    this.models[model].rows.push(row)
    if (remark !== undefined) this.models[model].remarks[row.id] = remark
    return row
  }
}

function delegate (prisma, model) {
  return prisma[model[0].toLowerCase() + model.slice(1)]
}
