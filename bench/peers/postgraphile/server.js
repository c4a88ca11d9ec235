// PostGraphile 5 with its default preset, over the tables as they are.

import { createServer } from 'node:http'
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
  // the keys lead with the project, so it would allow an order by no other column
  disablePlugins: ['PgIndexBehaviorsPlugin'],
  pgServices: [makePgService({
    connectionString: `postgresql:///${process.env.PGDATABASE}?host=${process.env.PGHOST}`,
    schemas: ['public'],
    poolConfig: { user: process.env.PGUSER, max: 10, options: '-c jit=off' }
  })],
  grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false },
  grafast: { explain: false }
})

const server = createServer({ keepAlive: true })
await instance.createServ(grafserv).addTo(server)
server.listen(Number(process.env.PORT), '127.0.0.1')
