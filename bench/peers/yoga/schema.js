import SchemaBuilder from '@pothos/core'
import PrismaPlugin from '@pothos/plugin-prisma'
import { prisma, relationLoadStrategy } from './database.js'
import { getDatamodel } from './.generated/pothos.ts'

const PROJECT = 1

const builder = new SchemaBuilder({
  plugins: [PrismaPlugin],
  prisma: { client: prisma, dmmf: getDatamodel() }
})

builder.scalarType('DateTime', { serialize: (date) => date.toISOString() })
builder.scalarType('JSON', { serialize: (value) => value, parseValue: (value) => value })

const nullable = { nullable: true }
const time = { type: 'DateTime' }
const json = { type: 'JSON' }
const oldestFirst = { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }

builder.prismaObject('Agent', {
  fields: (t) => ({ id: t.exposeID('id'), name: t.exposeString('name') })
})

builder.prismaObject('AgentVersion', {
  fields: (t) => ({ id: t.exposeID('id'), versionNumber: t.exposeString('versionNumber') })
})

builder.prismaObject('Session', {
  fields: (t) => ({
    id: t.exposeID('id'),
    status: t.exposeString('status'),
    title: t.exposeString('title', nullable),
    purpose: t.exposeString('purpose', nullable),
    userId: t.exposeString('userId', nullable),
    messageCount: t.exposeInt('messageCount'),
    createdAt: t.expose('createdAt', time),
    agent: t.relation('agent', nullable),
    agentVersion: t.relation('agentVersion', nullable),
    children: t.relation('children', { query: oldestFirst }),
    messages: t.relation('messages', {
      args: { first: t.arg.int(), last: t.arg.int() },
      query: ({ first, last }) => ({
        orderBy: { sequence: 'asc' },
        take: last != null ? -last : first ?? undefined
      })
    }),
    moduleStates: t.relation('moduleStates', { query: oldestFirst }),
    memories: t.relation('memories', { query: oldestFirst })
  })
})

builder.prismaObject('Message', {
  fields: (t) => ({
    id: t.exposeID('id'),
    role: t.exposeString('role'),
    content: t.exposeString('content', nullable),
    sequence: t.exposeInt('sequence'),
    createdAt: t.expose('createdAt', time),
    toolCalls: t.relation('toolCalls', { query: { orderBy: { index: 'asc' } } })
  })
})

builder.prismaObject('ToolCall', {
  fields: (t) => ({
    id: t.exposeID('id'),
    toolName: t.exposeString('toolName'),
    arguments: t.expose('arguments', { ...json, nullable: true }),
    result: t.expose('result', { ...json, nullable: true }),
    status: t.exposeString('status')
  })
})

builder.prismaObject('ModuleState', {
  fields: (t) => ({
    id: t.exposeID('id'),
    moduleId: t.exposeString('moduleId'),
    revision: t.exposeInt('revision'),
    transitions: t.relation('transitions', { query: { orderBy: { revision: 'asc' } } })
  })
})

builder.prismaObject('StateTransition', {
  fields: (t) => ({
    id: t.exposeID('id'),
    triggerType: t.exposeString('triggerType', nullable),
    newValues: t.expose('newValues', json),
    revision: t.exposeInt('revision'),
    createdAt: t.expose('createdAt', time)
  })
})

builder.prismaObject('Memory', {
  fields: (t) => ({
    id: t.exposeID('id'),
    content: t.expose('content', json),
    importance: t.exposeFloat('importance', nullable),
    accessCount: t.exposeInt('accessCount'),
    accesses: t.relation('accesses', {
      args: { first: t.arg.int({ required: true }) },
      query: ({ first }) => ({ orderBy: [{ occurredAt: 'desc' }, { id: 'desc' }], take: first })
    })
  })
})

const MemoryAccess = builder.prismaObject('MemoryAccess', {
  fields: (t) => ({
    id: t.exposeID('id'),
    accessType: t.exposeString('accessType'),
    usefulness: t.exposeFloat('usefulness', nullable),
    occurredAt: t.expose('occurredAt', time)
  })
})

builder.queryType({
  fields: (t) => ({
    session: t.prismaField({
      type: 'Session',
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: (query, _, { id }) => prisma.session.findUnique({
        ...query, relationLoadStrategy, where: { projectId_id: { projectId: PROJECT, id } }
      })
    }),
    sessions: t.prismaField({
      type: ['Session'],
      args: { first: t.arg.int({ required: true }) },
      resolve: (query, _, { first }) => prisma.session.findMany({
        ...query,
        relationLoadStrategy,
        where: { projectId: PROJECT },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: first
      })
    })
  })
})

const RecordMemoryAccessInput = builder.inputType('RecordMemoryAccessInput', {
  fields: (t) => ({
    memory: t.id({ required: true }),
    accessType: t.string({ required: true }),
    accessedBy: t.string(),
    accessorType: t.string(),
    context: t.field({ type: 'JSON' }),
    usefulness: t.float()
  })
})

// both rows are written, and read for the answer, in one transaction
const RecordMemoryAccessPayload = builder.objectRef('RecordMemoryAccessPayload').implement({
  fields: (t) => ({
    memoryAccess: t.field({ type: MemoryAccess, resolve: ({ memoryAccess }) => memoryAccess }),
    memory: t.field({ type: 'Memory', resolve: ({ memory }) => memory })
  })
})

builder.mutationType({
  fields: (t) => ({
    recordMemoryAccess: t.field({
      type: RecordMemoryAccessPayload,
      args: { input: t.arg({ type: RecordMemoryAccessInput, required: true }) },
      resolve: async (_, { input: { memory: id, ...access } }) => {
        return prisma.$transaction(async (transaction) => {
          const memory = await transaction.memory.update({
            where: { projectId_id: { projectId: PROJECT, id } },
            data: { accessCount: { increment: 1 }, lastAccessedAt: new Date() }
          })
          const memoryAccess = await transaction.memoryAccess.create({
            data: { projectId: PROJECT, memoryId: id, sequence: memory.accessCount, ...access }
          })
          return { memory, memoryAccess }
        })
      }
    })
  })
})

export const schema = builder.toSchema()
