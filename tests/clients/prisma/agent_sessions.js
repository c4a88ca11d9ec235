// Sessions of the enhanced schema, their trees, metrics and events.

import { HUGE_DOCUMENT, LONG_TEXT, ODD_DOCUMENT, UNICODE, at, cuid, nested } from './awkward.js'
import { ADA, FINDER } from './agents.js'

export async function writeSessions (writer) {
  const write = (name, values, remark) =>
    writer.write('AgentSession', session(name, 100, values), remark)
  const plain = await write('plain', {
    userId: ADA,
    agentId: FINDER,
    status: 'active',
    context: { purpose: 'Find JX-2041' },
    sessionPurpose: 'Find a parcel',
    businessContext: 'Support',
    sessionTags: ['important', 'complex'],
    sessionSource: 'user'
  })
  const ended = await write('ended', {
    userId: ADA,
    agentId: FINDER,
    status: 'completed',
    endedAt: at(200_000),
    qualityScore: 0.9,
    userSatisfaction: 1,
    learningOutcomes: { learned: ['Delft'] },
    sessionTags: []
  })
  await write('ended at no time', { status: 'completed' }, 'ended at no time')
  await write('ended and active', { status: 'active', endedAt: at(200_000) }, 'active with an end')
  await write(
    'ended before it started',
    { status: 'failed', endedAt: at(50_000) },
    'ended before it started'
  )
  for (const status of [
    'FAILED',
    'cancelled',
    'expired',
    'error',
    'paused',
    'Completed',
    'in_progress',
    'aborted'
  ]) {
    await write(`status ${status}`, { status }, `status ${status}`)
  }
  await write('status unknown', { status: 'dreaming' }, 'status unknown')
  await write('status empty', { status: '' }, 'status empty')
  await write(
    'of nobody',
    { context: writer.jsonNull, sessionPurpose: '', businessContext: '', sessionSource: '' },
    'JSON null, empty texts'
  )
  await write(
    'of huge outcomes',
    {
      status: 'completed',
      endedAt: at(300_000),
      learningOutcomes: HUGE_DOCUMENT,
      sessionPurpose: LONG_TEXT,
      sessionTags: Array.from({ length: 500 }, (_, tag) => `tag ${tag}`)
    },
    'huge'
  )
  await write(
    'of the same tags',
    { sessionTags: ['x', 'x', '', UNICODE] },
    'tags twice, and an empty one'
  )
  await write(
    'scored out of 10',
    { qualityScore: 7.5, userSatisfaction: -1 },
    'scores beyond 0 to 1'
  )
  await write('a list as context', { context: [1, 2] }, 'context is a list')
  await write(UNICODE, { context: ODD_DOCUMENT }, 'unicode as sessionId')
  await write('same id as name', { sessionId: plain.id }, 'its sessionId is the id of another')
  await write('empty', { sessionId: '' }, 'refused: its sessionId is empty')
  await write(
    'at the epoch',
    { startedAt: new Date(0), createdAt: new Date(0), updatedAt: new Date(0) },
    'at the epoch'
  )
  if (writer.takesDeepJson)
    await write('too deep', { context: nested(100) }, 'refused: its context is too deep')
  await writer.writeOrphan(
    'AgentSession',
    session('of an unknown agent', 100, { agentId: 'gone', userId: 'gone too' }),
    'its agent is not there'
  )
  return { plain: plain.id, ended: ended.id }
}

export async function writeTrees (writer) {
  const write = (name, second, values, remark) =>
    writer.write('AgentSession', session(name, second, values), remark)
  const root = await write('root', 500, { status: 'completed', endedAt: at(900_000) })
  const child = await write('child', 510, { parentSessionId: root.id })
  await write('grandchild', 520, {
    parentSessionId: child.id,
    status: 'failed',
    endedAt: at(530_000)
  })
  // a parent with a later time and a later id than its children
  const early = await write('before its parent', 530, {}, 'made before its parent')
  const late = await write('late parent', 600, {})
  await writer.change('AgentSession', early.id, { parentSessionId: late.id })
  let above = late
  for (let level = 0; level < 40; level += 1)
    above = await write(`level ${level}`, 600 - level, { parentSessionId: above.id })
  await write('its own parent', 700, {}, 'its own parent')
  await writer.change('AgentSession', cuidOf(writer, 'its own parent'), {
    parentSessionId: cuidOf(writer, 'its own parent')
  })
  const ring = []
  for (const name of ['ring 1', 'ring 2', 'ring 3'])
    ring.push(await write(name, 710, {}, 'in a cycle of parents'))
  for (const [place, { id }] of ring.entries()) {
    await writer.change('AgentSession', id, { parentSessionId: ring[(place + 1) % 3].id })
  }
  await write('below the ring', 720, { parentSessionId: ring[0].id }, 'below a cycle')
  await writer.writeOrphan(
    'AgentSession',
    session('of no parent', 730, { parentSessionId: 'gone' }),
    'its parent is not there'
  )
}

export async function writeMetricsAndEvents (writer, { plain, ended }) {
  const metric = (name, values = {}, remark) =>
    writer.write(
      'SessionMetric',
      {
        id: cuid(name),
        sessionId: plain,
        metricType: 'response_time',
        metricValue: 120.5,
        timestamp: at(101_000),
        ...values
      },
      remark
    )
  await metric('response time', { metadata: { unit: 'ms' } })
  await metric(
    'before the session',
    { timestamp: at(0), metadata: writer.jsonNull, metricValue: 0 },
    'before the session'
  )
  await metric(
    'of an ended session',
    { sessionId: ended, metricType: UNICODE, metricValue: -1e-300, metadata: HUGE_DOCUMENT },
    'negative, unicode'
  )
  await metric('without a type', { metricType: '' }, 'refused: it has no type')
  await writer.writeOrphan(
    'SessionMetric',
    { id: cuid('orphaned metric'), sessionId: 'gone', metricType: 'x', metricValue: 1 },
    'refused: its session is not there'
  )

  const event = (name, sequence, eventType, values = {}, remark) =>
    writer.write(
      'SessionEvent',
      {
        id: cuid(name),
        sessionId: plain,
        eventType,
        sequence,
        eventData: { name },
        timestamp: at(102_000 + sequence),
        ...values
      },
      remark
    )
  await event(
    'third',
    3,
    'error',
    { duration: 0, eventData: writer.jsonNull },
    'written before the first'
  )
  await event('first', 1, 'user_input', { eventData: { text: 'Where is JX-2041?' } })
  await event('second', 2, 'agent_response', { duration: 1_500 })
  await event(
    'second again',
    2,
    'agent_response',
    { duration: -1 },
    'another has its sequence; negative duration'
  )
  await event(
    'after a gap',
    1_000_000,
    'checkpoint',
    { timestamp: at(0), eventData: HUGE_DOCUMENT },
    'times out of order'
  )
  await event('before all', -5, UNICODE, { eventData: [1, 2] }, 'negative sequence, unicode')
  await event(
    'of the server',
    6,
    'message.recorded',
    {},
    'refused: the server writes events of this type'
  )
  await event('without a type', 7, '', {}, 'refused: it has no type')
  await writer.writeOrphan(
    'SessionEvent',
    { id: cuid('orphaned event'), sessionId: 'gone', eventType: 'x', sequence: 1, eventData: {} },
    'refused: its session is not there'
  )
  await writer.writeMany(
    'SessionEvent',
    Array.from({ length: 1_500 }, (_, number) => ({
      id: cuid(`event ${number}`),
      sessionId: ended,
      eventType: 'checkpoint',
      sequence: number,
      eventData: { number },
      timestamp: at(110_000 + Math.floor(number / 5)),
      duration: null
    }))
  )
}

/** A session that started at a second. */
function session (name, second, values = {}) {
  const time = at(second * 1_000)
  return {
    id: cuid(name),
    sessionId: name,
    startedAt: time,
    createdAt: time,
    updatedAt: at(second * 1_000 + 60_000),
    ...values
  }
}

function cuidOf (writer, sessionId) {
  return writer.models.AgentSession.rows.find(row => row.sessionId === sessionId).id
}
