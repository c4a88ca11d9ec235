// Mercurius with graphql-jit, and loaders written by hand on node-postgres: per field of a level
// one prepared statement for all parents.

import Fastify from 'fastify'
import mercurius from 'mercurius'
import { loaders } from './loaders.js'
import { resolvers } from './resolvers.js'
import { schema } from './schema.js'

const app = Fastify({ logger: false })
await app.register(mercurius, { schema, resolvers, loaders, jit: 1, graphiql: false })
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
