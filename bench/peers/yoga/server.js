// GraphQL Yoga over a Pothos schema whose fields Prisma 7 reads by its driver adapter.

import { createServer } from 'node:http'
import { createYoga } from 'graphql-yoga'
import { schema } from './schema.js'

const yoga = createYoga({
  schema,
  batching: false,
  cors: false,
  graphiql: false,
  landingPage: false,
  logging: false,
  multipart: false
})
createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1')
