// A history in the storage adapter's tables.

import {
  HUGE_DOCUMENT,
  LONG_TEXT,
  ODD_DOCUMENT,
  UNICODE,
  at,
  cuid,
  nested,
  uuid
} from './awkward.js'

export const PAGED_MESSAGES = 3_000

export async function fillStorageAdapter (writer) {
  await writeConversation(writer)
  await writePaged(writer)
  await writeContents(writer)
  await writeConfirmations(writer)
  await writeOddSessions(writer)
  await writeOrphans(writer)
}

/** Start a session at a second. */
function session (name, second, values = {}) {
  return {
    id: cuid(name),
    createdAt: at(second * 1_000),
    updatedAt: at(second * 1_000 + 60_000),
    ...values
  }
}

async function writeConversation (writer) {
  const { id: sessionId } = await writer.write(
    'Session',
    session('conversation', 0, {
      metadata: { userId: 'ada', channel: 'web' }
    })
  )
  const message = (name, role, content, milliseconds, values = {}) =>
    writer.write('Message', {
      id: cuid(name),
      sessionId,
      role,
      content,
      timestamp: at(milliseconds),
      ...values
    })
  await message('system', 'system', 'You find parcels.', 1_000)
  await message('question', 'user', 'Where is JX-2041?', 2_000, { metadata: { source: 'web' } })
  const answer = await message('answer', 'assistant', '', 3_000, { responseType: 'tool_call' })
  const call = (name, values) =>
    writer.write('ToolCall', {
      id: cuid(name),
      messageId: answer.id,
      toolName: 'search',
      arguments: { parcel: 'JX-2041' },
      timestamp: at(3_500),
      ...values
    })
  await call('found', { result: { depot: 'Delft' } })
  await call('no result', {}, 'has no result')
  await call('result is null', { result: writer.jsonNull })
  await call('result is false', { result: false, timestamp: at(3_400) })
  await call('result is empty', { result: '', toolName: UNICODE })
  await call('result is a failure', {
    result: { success: false, error: 'There is no such parcel.' }
  })
  await call('arguments are a list', { arguments: [1, null, 'x'], result: [] })
  await call('arguments are text', { arguments: '{"not": "parsed"', result: 0 })
  await call('arguments are null', { arguments: writer.jsonNull, result: ODD_DOCUMENT })
  await call('made before its message', { timestamp: at(-5_000), result: HUGE_DOCUMENT })
  await message('last', 'assistant', 'It is in Delft.', 4_000, { responseType: 'text' })
}

/** Messages for many pages: seven at each millisecond, some an hour early, inserted in no order. */
async function writePaged (writer) {
  const { id: sessionId } = await writer.write('Session', session('paged', 100))
  const roles = ['user', 'assistant', 'assistant']
  const messages = Array.from({ length: PAGED_MESSAGES }, (_, number) => ({
    id: cuid(`paged ${number}`),
    sessionId,
    role: roles[number % 3],
    content: `message ${number}`,
    timestamp: at(100_000 + Math.floor(number / 7) - (number % 50 === 49 ? 3_600_000 : 0)),
    responseType: null,
    metadata: { number }
  }))
  const calls = messages
    .filter((_, number) => number % 30 === 1)
    .flatMap(message =>
      [0, 1].map(number => ({
        id: cuid(`call ${number} of ${message.id}`),
        messageId: message.id,
        toolName: `tool ${number}`,
        arguments: { number },
        result: { number },
        timestamp: message.timestamp
      }))
    )
  await writer.writeMany(
    'Message',
    messages.toSorted((one, other) => hashOrder(one) - hashOrder(other))
  )
  await writer.writeMany('ToolCall', calls)
}

function hashOrder ({ id }) {
  return parseInt(id.slice(-6), 36)
}

async function writeContents (writer) {
  const { id: sessionId } = await writer.write(
    'Session',
    session('contents', 200, { metadata: ODD_DOCUMENT })
  )
  let milliseconds = 200_000
  const message = (name, values, remark) =>
    writer.write(
      'Message',
      {
        id: uuid(name),
        sessionId,
        role: 'user',
        content: name,
        timestamp: at((milliseconds += 10)),
        ...values
      },
      remark ?? name
    )
  await message('empty content', { content: '' })
  await message('blank content', { content: ' \n\t' })
  await message('unicode', { content: UNICODE })
  await message('1 MB of text', { content: LONG_TEXT })
  await message('2 MB of JSON', { metadata: HUGE_DOCUMENT })
  await message('JSON null', { metadata: writer.jsonNull })
  await message('metadata is text', { metadata: 'text' })
  await message('metadata is a list', { metadata: [1, [2, [3]]] })
  await message('odd JSON', { metadata: ODD_DOCUMENT })
  await message(
    'large number',
    { metadata: { number: 1e300 } },
    'refused: its metadata has a number beyond 64 bits'
  )
  await message('empty response type', { role: 'assistant', responseType: '' })
  await message('role in capitals', { role: 'ASSISTANT' })
  await message('role of a tool', { role: 'tool', content: '{"answer": 42}' })
  await message('before the session', { timestamp: at(-86_400_000) })
  await message('at the epoch', { timestamp: new Date(0) })
  await message(
    'far in the future',
    { timestamp: new Date(Date.UTC(2999, 11, 31)) },
    'refused: its time is beyond 2200'
  )
}

async function writeConfirmations (writer) {
  const confirm = (name, sessionId, values = {}) =>
    writer.write(
      'PendingConfirmation',
      {
        id: cuid(name),
        sessionId,
        toolName: 'deleteFile',
        arguments: { path: '/important.txt' },
        userMessage: 'Delete the file',
        timestamp: at(300_500),
        ...values
      },
      name
    )
  const ask = async (name, sessionId) => {
    const message = await writer.write('Message', {
      id: cuid(`asking, ${name}`),
      sessionId,
      role: 'assistant',
      content: '',
      timestamp: at(300_100)
    })
    await writer.write(
      'ToolCall',
      {
        id: cuid(`asked, ${name}`),
        messageId: message.id,
        toolName: 'deleteFile',
        arguments: { path: '/important.txt' },
        timestamp: at(300_200)
      },
      `waits for the confirmation: ${name}`
    )
    await confirm(name, sessionId)
  }
  const waiting = await writer.write('Session', session('waiting', 300))
  await ask('an active session waits', waiting.id)
  const closed = await writer.write(
    'Session',
    session('closed and waiting', 300, { active: false })
  )
  await ask('a closed session waits', closed.id)
  const early = await writer.write(
    'Session',
    session('asked early', 320, { metadata: writer.jsonNull })
  )
  await confirm('asked before the session was made', early.id, {
    timestamp: at(0),
    userMessage: '',
    arguments: HUGE_DOCUMENT,
    toolName: UNICODE
  })
}

async function writeOddSessions (writer) {
  const odd = (name, values, remark) =>
    writer.write('Session', session(name, 400, values), remark ?? name)
  await odd('empty and closed', { active: false })
  await odd('updated before it was made', { updatedAt: at(0), active: false })
  await odd('huge metadata', { metadata: HUGE_DOCUMENT })
  await odd('metadata is text', { metadata: 'text' })
  await odd('metadata is a list', { metadata: [1, 2] })
  await odd('metadata is a number', { metadata: 5 })
  await odd('metadata is JSON null', { metadata: writer.jsonNull })
  await odd('unicode as id', { id: `${UNICODE.slice(0, 40)} session` })
  const { id } = await odd('the id of other rows', {})
  await writer.write(
    'Message',
    { id, sessionId: id, role: 'user', content: 'same id', timestamp: at(400_500) },
    'the id of its session'
  )
  await writer.write(
    'ToolCall',
    { id, messageId: id, toolName: 'search', arguments: {}, timestamp: at(400_600) },
    "refused: its message is no assistant's"
  )
  if (writer.takesDeepJson) {
    const deep = await odd(
      'too deep',
      { metadata: nested(100) },
      'refused: its metadata is too deep'
    )
    await writer.write(
      'Message',
      {
        id: cuid('in too deep'),
        sessionId: deep.id,
        role: 'user',
        content: 'lost',
        timestamp: at(400_700)
      },
      'refused: its session is'
    )
  }
  const empty = await odd('empty id', { id: '' }, 'refused: it has no id')
  await writer.write(
    'Message',
    {
      id: cuid('in the empty'),
      sessionId: empty.id,
      role: 'user',
      content: 'lost',
      timestamp: at(400_800)
    },
    'refused: its session is'
  )
  const kept = await odd('with rows that are refused', {})
  const message = (name, values, remark) =>
    writer.write(
      'Message',
      {
        id: cuid(name),
        sessionId: kept.id,
        role: 'user',
        content: name,
        timestamp: at(401_000),
        ...values
      },
      remark
    )
  const robot = await message('robot', { role: 'robot' }, 'its role is unknown')
  await writer.write(
    'ToolCall',
    {
      id: cuid('of a robot'),
      messageId: robot.id,
      toolName: 'search',
      arguments: {},
      timestamp: at(401_000)
    },
    "refused: its message is no assistant's"
  )
  if (writer.takesDeepJson)
    await message('deep', { metadata: nested(100) }, 'refused: its metadata is too deep')
  const answer = await writer.write('Message', {
    id: cuid('an answer'),
    sessionId: kept.id,
    role: 'assistant',
    content: 'kept',
    timestamp: at(402_000)
  })
  await writer.write(
    'ToolCall',
    {
      id: cuid('nameless'),
      messageId: answer.id,
      toolName: '',
      arguments: {},
      timestamp: at(402_000)
    },
    'refused: its tool has no name'
  )
  await writer.write('ToolCall', {
    id: cuid('named'),
    messageId: answer.id,
    toolName: 'search',
    arguments: {},
    result: {},
    timestamp: at(402_000)
  })
}

async function writeOrphans (writer) {
  const orphan = await writer.writeOrphan(
    'Message',
    {
      id: cuid('orphan'),
      sessionId: 'gone',
      role: 'assistant',
      content: 'alone',
      timestamp: at(0)
    },
    'refused: its session is not there'
  )
  await writer.write(
    'ToolCall',
    {
      id: cuid('call of an orphan'),
      messageId: orphan.id,
      toolName: 'search',
      arguments: {},
      timestamp: at(0)
    },
    'refused: its message is'
  )
  await writer.writeOrphan(
    'ToolCall',
    {
      id: cuid('orphaned call'),
      messageId: 'gone',
      toolName: 'search',
      arguments: {},
      timestamp: at(0)
    },
    'refused: its message is not there'
  )
  await writer.writeOrphan(
    'PendingConfirmation',
    {
      id: cuid('orphaned confirmation'),
      sessionId: 'gone',
      toolName: 'search',
      arguments: {},
      userMessage: '',
      timestamp: at(0)
    },
    'refused: its session is not there'
  )
}
