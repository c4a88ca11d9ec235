// Memories of the enhanced schema, with accesses and annotations.

import { HUGE_DOCUMENT, LONG_TEXT, UNICODE, at, nested, uuid } from './awkward.js'
import { ADA, FINDER } from './agents.js'

export async function writeMemories (writer, { plain, ended }) {
  const memory = (name, values = {}, remark) =>
    writer.write(
      'InteractionMemory',
      {
        id: uuid(`memory ${name}`),
        userId: ADA,
        agentId: FINDER,
        sessionId: plain,
        type: 'fact',
        memoryType: 'user_preference',
        content: { name },
        importance: 0.8,
        confidence: 0.9,
        sourceType: 'user_input',
        createdAt: at(130_000),
        updatedAt: at(130_000),
        ...values
      },
      remark
    )
  const used = await memory(
    'used',
    {
      embedding: [0.25, -1.5, 0],
      accessCount: 99,
      lastAccessedAt: at(0),
      verificationStatus: 'verified',
      relatedMemories: [uuid('memory plain'), uuid('memory used'), 'gone']
    },
    'its counts are wrong; related to itself and to one that is not there'
  )
  await memory('plain', { embedding: [], relatedMemories: { ids: [used.id] } })
  await memory('by sessionId', { sessionId: 'ended' }, 'names its session by sessionId')
  await memory('of no session', {
    sessionId: null,
    memoryType: null,
    confidence: null,
    sourceType: null
  })
  await memory('of an unknown session', { sessionId: 'gone' }, 'its session is not there')
  await memory('expired', { expiresAt: at(131_000) }, 'expired')
  await memory('text', { content: 'prefers the dark', sessionId: ended }, 'content is text')
  await memory(
    'null',
    { content: writer.jsonNull, relatedMemories: writer.jsonNull },
    'refused: it has no content'
  )
  await memory('huge', { content: HUGE_DOCUMENT, type: UNICODE }, '2 MB, unicode as type')
  await memory(
    'of great importance',
    { importance: 10, confidence: -0.5 },
    'importance beyond 0 to 1'
  )
  await memory('updated before', { updatedAt: at(0) }, 'updated before it was made')
  if (writer.takesDeepJson)
    await memory('too deep', { content: nested(100) }, 'refused: its content is too deep')
  await memory('typeless', { type: '' }, 'refused: it has no type')
  await writer.writeOrphan(
    'InteractionMemory',
    {
      id: uuid('memory of nobody'),
      userId: 'gone',
      agentId: 'gone',
      type: 'fact',
      content: { name: 'of nobody' },
      createdAt: at(1),
      updatedAt: at(1)
    },
    'its agent and user are not there'
  )

  const access = (name, values = {}, remark) =>
    writer.write(
      'MemoryAccess',
      {
        id: uuid(`access ${name}`),
        memoryId: used.id,
        accessType: 'read',
        accessedBy: FINDER,
        accessorType: 'agent',
        context: 'Deciding the colours',
        usefulness: 0.9,
        createdAt: at(140_000),
        ...values
      },
      remark
    )
  await access('second')
  await access(
    'first',
    { createdAt: at(139_000), context: null, usefulness: null },
    'before one written earlier'
  )
  await access(
    'third',
    { accessorType: 'user', accessedBy: ADA, context: LONG_TEXT },
    'the same millisecond, 1 MB'
  )
  await access(
    'odd',
    { accessedBy: '', accessorType: '', context: '', usefulness: 1.5, createdAt: at(141_000) },
    'empty texts, useful beyond 1'
  )
  await access('typeless', { accessType: '' }, 'refused: it has no type')
  if (writer.takesDeepJson)
    await access(
      'of a refused memory',
      { memoryId: uuid('memory too deep') },
      'refused: its memory is'
    )
  await writer.writeOrphan(
    'MemoryAccess',
    {
      id: uuid('orphaned access'),
      memoryId: 'gone',
      accessType: 'read',
      accessedBy: 'x',
      accessorType: 'user'
    },
    'refused: its memory is not there'
  )

  const annotation = (name, values = {}, remark) =>
    writer.write(
      'MemoryAnnotation',
      {
        id: uuid(`annotation ${name}`),
        memoryId: used.id,
        annotationType: 'correction',
        content: name,
        createdById: ADA,
        createdAt: at(150_000),
        ...values
      },
      remark
    )
  await annotation('open')
  await annotation('applied', { isApplied: true, appliedAt: at(151_000) })
  await annotation('applied at no time', { isApplied: true }, 'applied at no time')
  await annotation(
    'not applied at a time',
    { appliedAt: at(151_000), content: LONG_TEXT },
    'not applied, with a time; 1 MB'
  )
  await annotation('empty', { content: '', createdById: '' }, 'empty')
  await annotation('typeless', { annotationType: '' }, 'refused: it has no type')
  await writer.writeOrphan(
    'MemoryAnnotation',
    {
      id: uuid('orphaned annotation'),
      memoryId: 'gone',
      annotationType: 'x',
      content: 'x',
      createdById: ADA
    },
    'refused: its memory is not there'
  )
}
