// A history in the enhanced schema's tables.

import { HUGE_DOCUMENT, LONG_TEXT, ODD_DOCUMENT, UNICODE, at, cuid, nested, uuid } from './awkward.js'

export async function fillEnhanced (writer) {
  await writeUsers(writer)
  await writeAgents(writer)
  const sessions = await writeSessions(writer)
  await writeTrees(writer)
  await writeMetricsAndEvents(writer, sessions)
  await writeStates(writer, sessions)
  await writeMemories(writer, sessions)
}

const ADA = uuid('ada')
const FINDER = uuid('finder')

async function writeUsers (writer) {
  await writer.write('User', { id: ADA, email: 'ada@example.com', username: 'ada', createdAt: at(0) })
  await writer.write('User', { id: uuid('nobody'), username: '', createdAt: at(1) }, 'without an address')
}

async function writeAgents (writer) {
  const agent = (name, values = {}, remark) => writer.write('AI_Agent', {
    id: uuid(name), name, createdAt: at(1_000), updatedAt: at(2_000), userId: ADA, ...values
  }, remark)
  await agent('finder', {
    description: 'Finds parcels.', capabilities: ['search', 'weigh'], configuration: { temperature: 0.2 }, systemPrompt: LONG_TEXT, specializations: ['parcels'], totalSessions: 999, successRate: 0.5, learningMode: 'active', trainingStatus: 'trained', versionHistory: ['1.0.0', '1.1.0'], lastActiveAt: at(3_000)
  }, 'its count of sessions is wrong')
  await agent('twin', { name: 'finder', capabilities: [] }, 'another has its name')
  await agent(UNICODE, { description: '', configuration: writer.jsonNull, userId: null }, 'unicode as name, JSON null')
  await agent('of no versions', { createdAt: at(5_000), updatedAt: at(0) }, 'updated before it was made')
  await agent('nameless', { name: '' }, 'without a name')

  const version = (name, values = {}, remark) => writer.write('AgentVersion', {
    id: uuid(name), agentId: FINDER, versionNumber: '1.0.0', changes: { first: true }, createdById: ADA, createdAt: at(10_000), ...values
  }, remark)
  await version('first', { activatedAt: at(10_000), deactivatedAt: at(20_000), performance: { accuracy: 0.9 } })
  await version('active', { versionNumber: '1.1.0', isActive: true, activatedAt: at(20_000), changes: ODD_DOCUMENT, createdAt: at(20_000) })
  await version('also active', { versionNumber: '1.2.0', isActive: true, activatedAt: at(15_000), createdAt: at(15_000) }, 'active beside a later one')
  await version('same number', { createdAt: at(11_000), changes: [] }, 'another has its number')
  await version('active at no time', { agentId: uuid('twin'), isActive: true, changes: writer.jsonNull, createdById: '' }, 'active without a time, changes are null')
  await version('ended before it began', { versionNumber: '0.9.0', activatedAt: at(9_000), deactivatedAt: at(8_000) }, 'ended before it began')
  await version('huge', { versionNumber: UNICODE, changes: HUGE_DOCUMENT, createdAt: at(1) }, '2 MB of changes, unicode as number')
  await writer.writeOrphan('AgentVersion', { id: uuid('orphaned version'), agentId: 'gone', versionNumber: '1', changes: {}, createdById: ADA }, 'refused: its agent is not there')

  const metric = (name, values = {}, remark) => writer.write('AgentMetric', {
    id: uuid(`metric ${name}`), agentId: FINDER, metricType: 'accuracy', metricValue: 0.5, timestamp: at(30_000), timeframe: 'daily', ...values
  }, remark)
  await metric('plain', { metadata: { samples: 12 } })
  await metric('negative', { metricValue: -1.5, timeframe: null, metadata: writer.jsonNull }, 'negative')
  await metric('large', { metricValue: 1.5e300, timestamp: at(29_000), timeframe: '' }, 'large')
  await metric('typeless', { metricType: '' }, 'refused: it has no type')
  await writer.writeOrphan('AgentMetric', { id: uuid('orphaned metric'), agentId: 'gone', metricType: 'accuracy', metricValue: 1 }, 'refused: its agent is not there')
}

/** A session that started at a second. */
function session (name, second, values = {}) {
  const time = at(second * 1_000)
  return { id: cuid(name), sessionId: name, startedAt: time, createdAt: time, updatedAt: at(second * 1_000 + 60_000), ...values }
}

async function writeSessions (writer) {
  const write = (name, values, remark) => writer.write('AgentSession', session(name, 100, values), remark)
  const plain = await write('plain', {
    userId: ADA, agentId: FINDER, status: 'active', context: { purpose: 'Find JX-2041' }, sessionPurpose: 'Find a parcel', businessContext: 'Support', sessionTags: ['important', 'complex'], sessionSource: 'user'
  })
  const ended = await write('ended', {
    userId: ADA, agentId: FINDER, status: 'completed', endedAt: at(200_000), qualityScore: 0.9, userSatisfaction: 1, learningOutcomes: { learned: ['Delft'] }, sessionTags: []
  })
  await write('ended at no time', { status: 'completed' }, 'ended at no time')
  await write('ended and active', { status: 'active', endedAt: at(200_000) }, 'active with an end')
  await write('ended before it started', { status: 'failed', endedAt: at(50_000) }, 'ended before it started')
  for (const status of ['FAILED', 'cancelled', 'expired', 'error', 'paused', 'Completed', 'in_progress', 'aborted']) {
    await write(`status ${status}`, { status }, `status ${status}`)
  }
  await write('status unknown', { status: 'dreaming' }, 'status unknown')
  await write('status empty', { status: '' }, 'status empty')
  await write('of nobody', { context: writer.jsonNull, sessionPurpose: '', businessContext: '', sessionSource: '' }, 'JSON null, empty texts')
  await write('of huge outcomes', { status: 'completed', endedAt: at(300_000), learningOutcomes: HUGE_DOCUMENT, sessionPurpose: LONG_TEXT, sessionTags: Array.from({ length: 500 }, (_, tag) => `tag ${tag}`) }, 'huge')
  await write('of the same tags', { sessionTags: ['x', 'x', '', UNICODE] }, 'tags twice, and an empty one')
  await write('scored out of 10', { qualityScore: 7.5, userSatisfaction: -1 }, 'scores beyond 0 to 1')
  await write('a list as context', { context: [1, 2] }, 'context is a list')
  await write(UNICODE, { context: ODD_DOCUMENT }, 'unicode as sessionId')
  await write('same id as name', { sessionId: plain.id }, 'its sessionId is the id of another')
  await write('empty', { sessionId: '' }, 'refused: its sessionId is empty')
  await write('at the epoch', { startedAt: new Date(0), createdAt: new Date(0), updatedAt: new Date(0) }, 'at the epoch')
  if (writer.takesDeepJson) await write('too deep', { context: nested(100) }, 'refused: its context is too deep')
  await writer.writeOrphan('AgentSession', session('of an unknown agent', 100, { agentId: 'gone', userId: 'gone too' }), 'its agent is not there')
  return { plain: plain.id, ended: ended.id }
}

async function writeTrees (writer) {
  const write = (name, second, values, remark) => writer.write('AgentSession', session(name, second, values), remark)
  const root = await write('root', 500, { status: 'completed', endedAt: at(900_000) })
  const child = await write('child', 510, { parentSessionId: root.id })
  await write('grandchild', 520, { parentSessionId: child.id, status: 'failed', endedAt: at(530_000) })
  // a parent with a later time and a later id than its children
  const early = await write('before its parent', 530, {}, 'made before its parent')
  const late = await write('late parent', 600, {})
  await writer.change('AgentSession', early.id, { parentSessionId: late.id })
  let above = late
  for (let level = 0; level < 40; level += 1) above = await write(`level ${level}`, 600 - level, { parentSessionId: above.id })
  await write('its own parent', 700, {}, 'its own parent')
  await writer.change('AgentSession', cuidOf(writer, 'its own parent'), { parentSessionId: cuidOf(writer, 'its own parent') })
  const ring = []
  for (const name of ['ring 1', 'ring 2', 'ring 3']) ring.push(await write(name, 710, {}, 'in a cycle of parents'))
  for (const [place, { id }] of ring.entries()) {
    await writer.change('AgentSession', id, { parentSessionId: ring[(place + 1) % 3].id })
  }
  await write('below the ring', 720, { parentSessionId: ring[0].id }, 'below a cycle')
  await writer.writeOrphan('AgentSession', session('of no parent', 730, { parentSessionId: 'gone' }), 'its parent is not there')
}

function cuidOf (writer, sessionId) {
  return writer.models.AgentSession.rows.find(row => row.sessionId === sessionId).id
}

async function writeMetricsAndEvents (writer, { plain, ended }) {
  const metric = (name, values = {}, remark) => writer.write('SessionMetric', {
    id: cuid(name), sessionId: plain, metricType: 'response_time', metricValue: 120.5, timestamp: at(101_000), ...values
  }, remark)
  await metric('response time', { metadata: { unit: 'ms' } })
  await metric('before the session', { timestamp: at(0), metadata: writer.jsonNull, metricValue: 0 }, 'before the session')
  await metric('of an ended session', { sessionId: ended, metricType: UNICODE, metricValue: -1e-300, metadata: HUGE_DOCUMENT }, 'negative, unicode')
  await metric('without a type', { metricType: '' }, 'refused: it has no type')
  await writer.writeOrphan('SessionMetric', { id: cuid('orphaned metric'), sessionId: 'gone', metricType: 'x', metricValue: 1 }, 'refused: its session is not there')

  const event = (name, sequence, eventType, values = {}, remark) => writer.write('SessionEvent', {
    id: cuid(name), sessionId: plain, eventType, sequence, eventData: { name }, timestamp: at(102_000 + sequence), ...values
  }, remark)
  await event('third', 3, 'error', { duration: 0, eventData: writer.jsonNull }, 'written before the first')
  await event('first', 1, 'user_input', { eventData: { text: 'Where is JX-2041?' } })
  await event('second', 2, 'agent_response', { duration: 1_500 })
  await event('second again', 2, 'agent_response', { duration: -1 }, 'another has its sequence; negative duration')
  await event('after a gap', 1_000_000, 'checkpoint', { timestamp: at(0), eventData: HUGE_DOCUMENT }, 'times out of order')
  await event('before all', -5, UNICODE, { eventData: [1, 2] }, 'negative sequence, unicode')
  await event('of the server', 6, 'message.recorded', {}, 'refused: the server writes events of this type')
  await event('without a type', 7, '', {}, 'refused: it has no type')
  await writer.writeOrphan('SessionEvent', { id: cuid('orphaned event'), sessionId: 'gone', eventType: 'x', sequence: 1, eventData: {} }, 'refused: its session is not there')
  await writer.writeMany('SessionEvent', Array.from({ length: 1_500 }, (_, number) => ({
    id: cuid(`event ${number}`), sessionId: ended, eventType: 'checkpoint', sequence: number, eventData: { number }, timestamp: at(110_000 + Math.floor(number / 5)), duration: null
  })))
}

async function writeStates (writer, { plain, ended }) {
  let second = 120
  const state = (name, values = {}, remark) => writer.write('ModuleState', {
    id: uuid(name), moduleId: 'planner', sessionId: plain, state: { name }, version: '1.0.0', stateType: 'workflow_progress', createdAt: at(second * 1_000), updatedAt: at(second++ * 1_000), ...values
  }, remark)
  const first = await state('planner 1', { state: { step: 1, left: ['b', 'c'], gone: true } })
  const next = await state('planner 2', { state: { step: 2, left: ['c'] }, previousStateId: first.id })
  const snapshot = await state('planner snapshot', { state: { step: 2, left: ['c'] }, previousStateId: next.id, isSnapshot: true, snapshotReason: 'before the last' }, 'a snapshot')
  const third = await state('planner 3', { state: { step: 3, left: [] }, previousStateId: snapshot.id, stateHash: 'wrong' }, 'a wrong hash')
  await state('head 1', { moduleId: 'two heads', state: { head: 1 } })
  await state('head 2', { moduleId: 'two heads', state: { head: 2 } }, 'of a module that another begins')
  await state('expired', { moduleId: 'expired', expiresAt: at(121_000) }, 'expired')
  await state('same state', { moduleId: 'equal', state: { a: 1 } })
  await state('same state again', { moduleId: 'equal', state: { a: 1 }, previousStateId: uuid('same state'), version: '1.0.1' }, 'the state did not change')
  await state('of another session', { sessionId: ended, previousStateId: third.id, stateType: null }, 'its previous is of another session')
  for (const [name, value] of Object.entries({ 'JSON null': writer.jsonNull, list: [1, 2], text: 'x', huge: HUGE_DOCUMENT, odd: ODD_DOCUMENT })) {
    const remark = name === 'JSON null' ? 'refused: it has no state' : `the state is ${name}`
    await state(`state ${name}`, { moduleId: name, state: value }, remark)
  }
  await state('without a session', { sessionId: null }, 'without a session')
  await state('module unnamed', { moduleId: '' }, 'refused: its module has no name')
  if (writer.takesDeepJson) await state('module too deep', { moduleId: 'too deep', state: nested(100) }, 'refused: its state is too deep')
  await state('before its previous', { moduleId: 'backwards', createdAt: at(1), updatedAt: at(1) }, 'made before its previous')
  await state('the previous', { moduleId: 'backwards' })
  await writer.change('ModuleState', uuid('before its previous'), { previousStateId: uuid('the previous'), updatedAt: at(1) })
  await state('cycle 1', { moduleId: 'cycle' }, 'in a cycle')
  await state('cycle 2', { moduleId: 'cycle', previousStateId: uuid('cycle 1') }, 'in a cycle')
  await writer.change('ModuleState', uuid('cycle 1'), { previousStateId: uuid('cycle 2'), updatedAt: at(1_000) })
  await writer.writeOrphan('ModuleState', { id: uuid('no previous'), moduleId: 'no previous', sessionId: plain, state: {}, version: '', previousStateId: 'gone', createdAt: at(1), updatedAt: at(1) }, 'its previous is not there')
  await writer.writeOrphan('ModuleState', { id: uuid('no session'), moduleId: 'no session', sessionId: 'gone', state: {}, version: '1', createdAt: at(1), updatedAt: at(1) }, 'refused: its session is not there')

  const transition = (name, stateId, values = {}, remark) => writer.write('StateTransition', {
    id: uuid(`transition ${name}`), stateId, triggerType: 'user_action', triggerId: 'click', transitionData: { name }, createdAt: at(125_000), ...values
  }, remark)
  await transition('1 to 2', first.id, { previousValues: { step: 1 }, newValues: { step: 2 } })
  await transition('1 to 2 again', first.id, { triggerType: 'scheduled', triggerId: null, createdAt: at(124_000) }, 'out of order, without values')
  await transition('from the last', third.id, { previousValues: writer.jsonNull, newValues: writer.jsonNull, transitionData: ODD_DOCUMENT }, 'JSON null')
  await transition('huge', uuid('head 1'), { newValues: HUGE_DOCUMENT, transitionData: writer.jsonNull, triggerType: '' }, '2 MB, without a trigger')
  await writer.writeOrphan('StateTransition', { id: uuid('orphaned transition'), stateId: 'gone', triggerType: 'x', transitionData: {} }, 'refused: its state is not there')
}

async function writeMemories (writer, { plain, ended }) {
  const memory = (name, values = {}, remark) => writer.write('InteractionMemory', {
    id: uuid(`memory ${name}`), userId: ADA, agentId: FINDER, sessionId: plain, type: 'fact', memoryType: 'user_preference', content: { name }, importance: 0.8, confidence: 0.9, sourceType: 'user_input', createdAt: at(130_000), updatedAt: at(130_000), ...values
  }, remark)
  const used = await memory('used', {
    embedding: [0.25, -1.5, 0], accessCount: 99, lastAccessedAt: at(0), verificationStatus: 'verified', relatedMemories: [uuid('memory plain'), uuid('memory used'), 'gone']
  }, 'its counts are wrong; related to itself and to one that is not there')
  await memory('plain', { embedding: [], relatedMemories: { ids: [used.id] } })
  await memory('by sessionId', { sessionId: 'ended' }, 'names its session by sessionId')
  await memory('of no session', { sessionId: null, memoryType: null, confidence: null, sourceType: null })
  await memory('of an unknown session', { sessionId: 'gone' }, 'its session is not there')
  await memory('expired', { expiresAt: at(131_000) }, 'expired')
  await memory('text', { content: 'prefers the dark', sessionId: ended }, 'content is text')
  await memory('null', { content: writer.jsonNull, relatedMemories: writer.jsonNull }, 'refused: it has no content')
  await memory('huge', { content: HUGE_DOCUMENT, type: UNICODE }, '2 MB, unicode as type')
  await memory('of great importance', { importance: 10, confidence: -0.5 }, 'importance beyond 0 to 1')
  await memory('updated before', { updatedAt: at(0) }, 'updated before it was made')
  if (writer.takesDeepJson) await memory('too deep', { content: nested(100) }, 'refused: its content is too deep')
  await memory('typeless', { type: '' }, 'refused: it has no type')
  await writer.writeOrphan('InteractionMemory', {
    id: uuid('memory of nobody'), userId: 'gone', agentId: 'gone', type: 'fact', content: { name: 'of nobody' }, createdAt: at(1), updatedAt: at(1)
  }, 'its agent and user are not there')

  const access = (name, values = {}, remark) => writer.write('MemoryAccess', {
    id: uuid(`access ${name}`), memoryId: used.id, accessType: 'read', accessedBy: FINDER, accessorType: 'agent', context: 'Deciding the colours', usefulness: 0.9, createdAt: at(140_000), ...values
  }, remark)
  await access('second')
  await access('first', { createdAt: at(139_000), context: null, usefulness: null }, 'before one written earlier')
  await access('third', { accessorType: 'user', accessedBy: ADA, context: LONG_TEXT }, 'the same millisecond, 1 MB')
  await access('odd', { accessedBy: '', accessorType: '', context: '', usefulness: 1.5, createdAt: at(141_000) }, 'empty texts, useful beyond 1')
  await access('typeless', { accessType: '' }, 'refused: it has no type')
  if (writer.takesDeepJson) await access('of a refused memory', { memoryId: uuid('memory too deep') }, 'refused: its memory is')
  await writer.writeOrphan('MemoryAccess', { id: uuid('orphaned access'), memoryId: 'gone', accessType: 'read', accessedBy: 'x', accessorType: 'user' }, 'refused: its memory is not there')

  const annotation = (name, values = {}, remark) => writer.write('MemoryAnnotation', {
    id: uuid(`annotation ${name}`), memoryId: used.id, annotationType: 'correction', content: name, createdById: ADA, createdAt: at(150_000), ...values
  }, remark)
  await annotation('open')
  await annotation('applied', { isApplied: true, appliedAt: at(151_000) })
  await annotation('applied at no time', { isApplied: true }, 'applied at no time')
  await annotation('not applied at a time', { appliedAt: at(151_000), content: LONG_TEXT }, 'not applied, with a time; 1 MB')
  await annotation('empty', { content: '', createdById: '' }, 'empty')
  await annotation('typeless', { annotationType: '' }, 'refused: it has no type')
  await writer.writeOrphan('MemoryAnnotation', { id: uuid('orphaned annotation'), memoryId: 'gone', annotationType: 'x', content: 'x', createdById: ADA }, 'refused: its memory is not there')
}
