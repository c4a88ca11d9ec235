// A history in the enhanced schema's tables.

import { writeMetricsAndEvents, writeSessions, writeTrees } from './agent_sessions.js'
import { writeAgents, writeUsers } from './agents.js'
import { writeMemories } from './memories.js'
import { writeStates } from './module_states.js'

export async function fillEnhanced (writer) {
  await writeUsers(writer)
  await writeAgents(writer)
  const sessions = await writeSessions(writer)
  await writeTrees(writer)
  await writeMetricsAndEvents(writer, sessions)
  await writeStates(writer, sessions)
  await writeMemories(writer, sessions)
}
