// Users and agents of the enhanced schema, with versions and metrics.

import { HUGE_DOCUMENT, LONG_TEXT, ODD_DOCUMENT, UNICODE, at, uuid } from './awkward.js'

export const ADA = uuid('ada')
export const FINDER = uuid('finder')

export async function writeUsers (writer) {
  await writer.write('User', {
    id: ADA,
    email: 'ada@example.com',
    username: 'ada',
    createdAt: at(0)
  })
  await writer.write(
    'User',
    { id: uuid('nobody'), username: '', createdAt: at(1) },
    'without an address'
  )
}

export async function writeAgents (writer) {
  const agent = (name, values = {}, remark) =>
    writer.write(
      'AI_Agent',
      {
        id: uuid(name),
        name,
        createdAt: at(1_000),
        updatedAt: at(2_000),
        userId: ADA,
        ...values
      },
      remark
    )
  await agent(
    'finder',
    {
      description: 'Finds parcels.',
      capabilities: ['search', 'weigh'],
      configuration: { temperature: 0.2 },
      systemPrompt: LONG_TEXT,
      specializations: ['parcels'],
      totalSessions: 999,
      successRate: 0.5,
      learningMode: 'active',
      trainingStatus: 'trained',
      versionHistory: ['1.0.0', '1.1.0'],
      lastActiveAt: at(3_000)
    },
    'its count of sessions is wrong'
  )
  await agent('twin', { name: 'finder', capabilities: [] }, 'another has its name')
  await agent(
    UNICODE,
    { description: '', configuration: writer.jsonNull, userId: null },
    'unicode as name, JSON null'
  )
  await agent(
    'of no versions',
    { createdAt: at(5_000), updatedAt: at(0) },
    'updated before it was made'
  )
  await agent('nameless', { name: '' }, 'without a name')

  const version = (name, values = {}, remark) =>
    writer.write(
      'AgentVersion',
      {
        id: uuid(name),
        agentId: FINDER,
        versionNumber: '1.0.0',
        changes: { first: true },
        createdById: ADA,
        createdAt: at(10_000),
        ...values
      },
      remark
    )
  await version('first', {
    activatedAt: at(10_000),
    deactivatedAt: at(20_000),
    performance: { accuracy: 0.9 }
  })
  await version('active', {
    versionNumber: '1.1.0',
    isActive: true,
    activatedAt: at(20_000),
    changes: ODD_DOCUMENT,
    createdAt: at(20_000)
  })
  await version(
    'also active',
    { versionNumber: '1.2.0', isActive: true, activatedAt: at(15_000), createdAt: at(15_000) },
    'active beside a later one'
  )
  await version('same number', { createdAt: at(11_000), changes: [] }, 'another has its number')
  await version(
    'active at no time',
    { agentId: uuid('twin'), isActive: true, changes: writer.jsonNull, createdById: '' },
    'active without a time, changes are null'
  )
  await version(
    'ended before it began',
    { versionNumber: '0.9.0', activatedAt: at(9_000), deactivatedAt: at(8_000) },
    'ended before it began'
  )
  await version(
    'huge',
    { versionNumber: UNICODE, changes: HUGE_DOCUMENT, createdAt: at(1) },
    '2 MB of changes, unicode as number'
  )
  await writer.writeOrphan(
    'AgentVersion',
    {
      id: uuid('orphaned version'),
      agentId: 'gone',
      versionNumber: '1',
      changes: {},
      createdById: ADA
    },
    'refused: its agent is not there'
  )

  const metric = (name, values = {}, remark) =>
    writer.write(
      'AgentMetric',
      {
        id: uuid(`metric ${name}`),
        agentId: FINDER,
        metricType: 'accuracy',
        metricValue: 0.5,
        timestamp: at(30_000),
        timeframe: 'daily',
        ...values
      },
      remark
    )
  await metric('plain', { metadata: { samples: 12 } })
  await metric(
    'negative',
    { metricValue: -1.5, timeframe: null, metadata: writer.jsonNull },
    'negative'
  )
  await metric('large', { metricValue: 1.5e300, timestamp: at(29_000), timeframe: '' }, 'large')
  await metric('typeless', { metricType: '' }, 'refused: it has no type')
  await writer.writeOrphan(
    'AgentMetric',
    { id: uuid('orphaned metric'), agentId: 'gone', metricType: 'accuracy', metricValue: 1 },
    'refused: its agent is not there'
  )
}
