export const schema = /* GraphQL */ `
  scalar JSON
  scalar DateTime

  type Query {
    session(id: ID!): Session
    sessions(first: Int!): [Session!]!
  }

  type Mutation {
    recordMemoryAccess(input: RecordMemoryAccessInput!): RecordMemoryAccessPayload!
  }

  type Session {
    id: ID!
    status: String!
    title: String
    purpose: String
    userId: String
    messageCount: Int!
    createdAt: DateTime!
    agent: Agent
    agentVersion: AgentVersion
    children: [Session!]!
    messages(first: Int, last: Int): [Message!]!
    moduleStates: [ModuleState!]!
    memories: [Memory!]!
  }

  type Agent {
    id: ID!
    name: String!
  }

  type AgentVersion {
    id: ID!
    versionNumber: String!
  }

  type Message {
    id: ID!
    role: String!
    content: String
    sequence: Int!
    createdAt: DateTime!
    toolCalls: [ToolCall!]!
  }

  type ToolCall {
    id: ID!
    toolName: String!
    arguments: JSON
    result: JSON
    status: String!
  }

  type ModuleState {
    id: ID!
    moduleId: String!
    revision: Int!
    transitions: [StateTransition!]!
  }

  type StateTransition {
    id: ID!
    triggerType: String
    newValues: JSON!
    revision: Int!
    createdAt: DateTime!
  }

  type Memory {
    id: ID!
    content: JSON!
    importance: Float
    accessCount: Int!
    accesses(first: Int!): [MemoryAccess!]!
  }

  type MemoryAccess {
    id: ID!
    accessType: String!
    usefulness: Float
    occurredAt: DateTime!
  }

  input RecordMemoryAccessInput {
    memory: ID!
    accessType: String!
    accessedBy: String
    accessorType: String
    context: JSON
    usefulness: Float
  }

  type RecordMemoryAccessPayload {
    memoryAccess: MemoryAccess!
    memory: Memory!
  }
`
