"""What the API's mutations take. Written by write_schema_types.py, not by hand."""

from typing import Any, Literal, NotRequired, TypedDict


SessionKind = Literal["ROOT", "SUBAGENT", "HANDOFF", "FORK", "CONTINUATION"]

class CreateSessionInput(TypedDict):
    """A new session."""

    idempotencyKey: NotRequired[str | None]
    sessionId: NotRequired[str | None]
    parent: NotRequired[str | None]
    kind: NotRequired[SessionKind | None]
    spawnedByToolCall: NotRequired[str | None]
    agent: NotRequired[str | None]
    agentVersion: NotRequired[str | None]
    userId: NotRequired[str | None]
    title: NotRequired[str | None]
    purpose: NotRequired[str | None]
    businessContext: NotRequired[Any | None]
    tags: NotRequired[list[str] | None]
    source: NotRequired[str | None]
    context: NotRequired[Any | None]
    metadata: NotRequired[Any | None]
    startedAt: NotRequired[str | None]
    expiresAt: NotRequired[str | None]


class UpdateSessionInput(TypedDict):
    """Changes of a session; what is left out stays as it is."""

    idempotencyKey: NotRequired[str | None]
    session: str
    expectedRevision: NotRequired[int | None]
    userId: NotRequired[str | None]
    title: NotRequired[str | None]
    purpose: NotRequired[str | None]
    businessContext: NotRequired[Any | None]
    tags: NotRequired[list[str] | None]
    source: NotRequired[str | None]
    context: NotRequired[Any | None]
    metadata: NotRequired[Any | None]
    metadataPatch: NotRequired[Any | None]
    qualityScore: NotRequired[float | None]
    userSatisfaction: NotRequired[float | None]
    learningOutcomes: NotRequired[Any | None]
    expiresAt: NotRequired[str | None]


SessionStatus = Literal["ACTIVE", "WAITING", "COMPLETED", "FAILED", "CANCELLED", "EXPIRED"]

class EndSessionInput(TypedDict):
    """How a session ends."""

    idempotencyKey: NotRequired[str | None]
    session: str
    status: NotRequired[SessionStatus]
    expectedRevision: NotRequired[int | None]
    endedAt: NotRequired[str | None]
    qualityScore: NotRequired[float | None]
    userSatisfaction: NotRequired[float | None]
    learningOutcomes: NotRequired[Any | None]


class DeleteSessionInput(TypedDict):
    """The session to delete."""

    idempotencyKey: NotRequired[str | None]
    session: str


MessageRole = Literal["SYSTEM", "DEVELOPER", "USER", "ASSISTANT", "TOOL"]

ToolCallStatus = Literal["PENDING", "AWAITING_CONFIRMATION", "RUNNING", "SUCCEEDED", "FAILED", "DENIED", "CANCELLED"]

class ToolCallInput(TypedDict):
    """A tool call that an assistant message asks for."""

    toolName: str
    toolCallId: NotRequired[str | None]
    toolType: NotRequired[str | None]
    arguments: NotRequired[Any | None]
    status: NotRequired[ToolCallStatus | None]
    result: NotRequired[Any | None]
    errorType: NotRequired[str | None]
    errorMessage: NotRequired[str | None]
    startedAt: NotRequired[str | None]
    endedAt: NotRequired[str | None]
    durationMs: NotRequired[int | None]


MessageStatus = Literal["COMPLETE", "STREAMING", "INTERRUPTED", "ERROR"]

class RecordMessageInput(TypedDict):
    """A new message of a session."""

    idempotencyKey: NotRequired[str | None]
    role: MessageRole
    content: NotRequired[str | None]
    name: NotRequired[str | None]
    toolCallId: NotRequired[str | None]
    toolCalls: NotRequired[list[ToolCallInput] | None]
    parts: NotRequired[Any | None]
    responseType: NotRequired[str | None]
    status: NotRequired[MessageStatus | None]
    error: NotRequired[str | None]
    provider: NotRequired[str | None]
    requestModel: NotRequired[str | None]
    responseModel: NotRequired[str | None]
    responseId: NotRequired[str | None]
    finishReasons: NotRequired[list[str] | None]
    inputTokens: NotRequired[int | None]
    outputTokens: NotRequired[int | None]
    cacheReadInputTokens: NotRequired[int | None]
    cacheCreationInputTokens: NotRequired[int | None]
    reasoningOutputTokens: NotRequired[int | None]
    costUsd: NotRequired[str | None]
    timeToFirstChunkMs: NotRequired[int | None]
    durationMs: NotRequired[int | None]
    traceId: NotRequired[str | None]
    spanId: NotRequired[str | None]
    metadata: NotRequired[Any | None]
    createdAt: NotRequired[str | None]
    session: str


class DeleteMessageInput(TypedDict):
    """The message to delete."""

    idempotencyKey: NotRequired[str | None]
    message: str


class DeleteSessionMessagesInput(TypedDict):
    """The session whose messages to delete."""

    idempotencyKey: NotRequired[str | None]
    session: str


class RecordToolCallResultInput(TypedDict):
    """What came of a tool call."""

    idempotencyKey: NotRequired[str | None]
    toolCall: str
    session: NotRequired[str | None]
    status: NotRequired[ToolCallStatus]
    result: NotRequired[Any | None]
    errorType: NotRequired[str | None]
    errorMessage: NotRequired[str | None]
    startedAt: NotRequired[str | None]
    endedAt: NotRequired[str | None]
    durationMs: NotRequired[int | None]


class RequestConfirmationInput(TypedDict):
    """A question to a person before a tool call runs."""

    idempotencyKey: NotRequired[str | None]
    session: str
    toolCall: NotRequired[str | None]
    toolName: NotRequired[str | None]
    arguments: NotRequired[Any | None]
    userMessage: NotRequired[str | None]
    expiresAt: NotRequired[str | None]
    createdAt: NotRequired[str | None]


Decision = Literal["APPROVED", "DENIED"]

class DecideConfirmationInput(TypedDict):
    """What a person decided."""

    idempotencyKey: NotRequired[str | None]
    confirmation: str
    decision: Decision
    decidedBy: NotRequired[str | None]
    deciderType: NotRequired[str | None]
    reason: NotRequired[str | None]
    editedArguments: NotRequired[Any | None]
    decidedAt: NotRequired[str | None]


class ClearConfirmationInput(TypedDict):
    """The confirmation to withdraw."""

    idempotencyKey: NotRequired[str | None]
    confirmation: str
    reason: NotRequired[str | None]
    decidedAt: NotRequired[str | None]


class CreateSessionEventInput(TypedDict):
    """An event of the runtime's own."""

    idempotencyKey: NotRequired[str | None]
    session: str
    eventType: str
    eventData: NotRequired[Any | None]
    actorId: NotRequired[str | None]
    durationMs: NotRequired[int | None]
    occurredAt: NotRequired[str | None]


class RecordSessionMetricInput(TypedDict):
    """A figure measured of a session."""

    idempotencyKey: NotRequired[str | None]
    metricType: str
    metricValue: float
    unit: NotRequired[str | None]
    metadata: NotRequired[Any | None]
    recordedAt: NotRequired[str | None]
    session: str


class TransitionInput(TypedDict):
    """What is told of a transition besides its values."""

    triggerType: NotRequired[str | None]
    triggerId: NotRequired[str | None]
    transitionData: NotRequired[Any | None]
    actorId: NotRequired[str | None]
    actorType: NotRequired[str | None]


class UpsertModuleStateInput(TypedDict):
    """The whole state of a module in a session."""

    idempotencyKey: NotRequired[str | None]
    moduleId: str
    state: Any
    expectedRevision: NotRequired[int | None]
    stateType: NotRequired[str | None]
    version: NotRequired[str | None]
    expiresAt: NotRequired[str | None]
    snapshotReason: NotRequired[str | None]
    transition: NotRequired[TransitionInput | None]
    createdAt: NotRequired[str | None]
    session: str


class RecordStateTransitionInput(TypedDict):
    """A change of a module's state, named by its id or its module."""

    idempotencyKey: NotRequired[str | None]
    triggerType: NotRequired[str | None]
    triggerId: NotRequired[str | None]
    transitionData: NotRequired[Any | None]
    actorId: NotRequired[str | None]
    actorType: NotRequired[str | None]
    newValues: Any
    previousValues: NotRequired[Any | None]
    expectedRevision: NotRequired[int | None]
    createdAt: NotRequired[str | None]
    moduleState: NotRequired[str | None]
    session: NotRequired[str | None]
    moduleId: NotRequired[str | None]


IfExists = Literal["REPLACE", "KEEP"]

class PutSessionItemInput(TypedDict):
    """A document that a framework keeps for a session."""

    idempotencyKey: NotRequired[str | None]
    session: str
    collection: str
    key: str
    value: Any
    metadata: NotRequired[Any | None]
    ifExists: NotRequired[IfExists]
    expectedRevision: NotRequired[int | None]


class DeleteSessionItemsInput(TypedDict):
    """The items to delete."""

    idempotencyKey: NotRequired[str | None]
    session: str
    collection: str
    keys: NotRequired[list[str] | None]


class CreateAgentInput(TypedDict):
    """A new agent."""

    idempotencyKey: NotRequired[str | None]
    agentId: str
    name: str
    description: NotRequired[str | None]
    metadata: NotRequired[Any | None]


class UpdateAgentInput(TypedDict):
    """Changes of an agent; what is left out stays as it is."""

    idempotencyKey: NotRequired[str | None]
    agent: str
    expectedRevision: NotRequired[int | None]
    name: NotRequired[str | None]
    description: NotRequired[str | None]
    metadata: NotRequired[Any | None]
    metadataPatch: NotRequired[Any | None]


class CreateAgentVersionInput(TypedDict):
    """A new version of an agent."""

    idempotencyKey: NotRequired[str | None]
    agent: str
    versionNumber: str
    changes: NotRequired[Any | None]
    configuration: NotRequired[Any | None]
    performance: NotRequired[Any | None]
    createdBy: NotRequired[str | None]
    createdAt: NotRequired[str | None]
    activate: NotRequired[bool]
    activatedAt: NotRequired[str | None]


class ActivateAgentVersionInput(TypedDict):
    """The version to activate."""

    idempotencyKey: NotRequired[str | None]
    agentVersion: str
    activatedAt: NotRequired[str | None]


class RecordAgentMetricInput(TypedDict):
    """A figure measured of an agent."""

    idempotencyKey: NotRequired[str | None]
    agent: NotRequired[str | None]
    agentVersion: NotRequired[str | None]
    metricType: str
    metricValue: float
    timeframe: NotRequired[str | None]
    metadata: NotRequired[Any | None]
    recordedAt: NotRequired[str | None]


MemoryRelationType = Literal["SUPERSEDES", "CONTRADICTS", "DERIVED_FROM", "RELATED"]

class MemoryRelationInput(TypedDict):
    """How the new memory bears on another."""

    memory: str
    relationType: MemoryRelationType


class CreateMemoryInput(TypedDict):
    """A new memory."""

    idempotencyKey: NotRequired[str | None]
    memoryId: NotRequired[str | None]
    type: str
    content: Any
    agent: NotRequired[str | None]
    userId: NotRequired[str | None]
    session: NotRequired[str | None]
    sourceMessage: NotRequired[str | None]
    memoryType: NotRequired[str | None]
    contentText: NotRequired[str | None]
    importance: NotRequired[float | None]
    confidence: NotRequired[float | None]
    sourceType: NotRequired[str | None]
    validAt: NotRequired[str | None]
    invalidAt: NotRequired[str | None]
    expiresAt: NotRequired[str | None]
    embedding: NotRequired[list[float] | None]
    metadata: NotRequired[Any | None]
    relations: NotRequired[list[MemoryRelationInput] | None]
    createdAt: NotRequired[str | None]


MemoryState = Literal["ACTIVE", "ARCHIVED", "SUPERSEDED"]

class UpdateMemoryInput(TypedDict):
    """Changes of a memory; what is left out stays as it is."""

    idempotencyKey: NotRequired[str | None]
    memory: str
    expectedRevision: NotRequired[int | None]
    changedBy: NotRequired[str | None]
    reason: NotRequired[str | None]
    content: NotRequired[Any | None]
    contentText: NotRequired[str | None]
    importance: NotRequired[float | None]
    confidence: NotRequired[float | None]
    state: NotRequired[MemoryState | None]
    validAt: NotRequired[str | None]
    invalidAt: NotRequired[str | None]
    expiresAt: NotRequired[str | None]
    embedding: NotRequired[list[float] | None]
    metadata: NotRequired[Any | None]
    metadataPatch: NotRequired[Any | None]
    changedAt: NotRequired[str | None]


class DeleteMemoryInput(TypedDict):
    """The memory to delete."""

    idempotencyKey: NotRequired[str | None]
    memory: str
    expectedRevision: NotRequired[int | None]


class RecordMemoryAccessInput(TypedDict):
    """One use of a memory."""

    idempotencyKey: NotRequired[str | None]
    memory: str
    accessType: str
    accessedBy: NotRequired[str | None]
    accessorType: NotRequired[str | None]
    context: NotRequired[Any | None]
    queryText: NotRequired[str | None]
    rank: NotRequired[int | None]
    score: NotRequired[float | None]
    usefulness: NotRequired[float | None]
    occurredAt: NotRequired[str | None]
    session: NotRequired[str | None]
    message: NotRequired[str | None]


AnnotatorKind = Literal["HUMAN", "LLM", "CODE"]

class CreateMemoryAnnotationInput(TypedDict):
    """A correction of a memory or a remark on it."""

    idempotencyKey: NotRequired[str | None]
    memory: str
    annotationType: str
    content: Any
    annotatorKind: AnnotatorKind
    createdBy: NotRequired[str | None]
    createdAt: NotRequired[str | None]


class ApplyMemoryAnnotationInput(TypedDict):
    """The remark to apply."""

    idempotencyKey: NotRequired[str | None]
    memoryAnnotation: str
    appliedAt: NotRequired[str | None]


class MessageInput(TypedDict):
    """A new message."""

    role: MessageRole
    content: NotRequired[str | None]
    name: NotRequired[str | None]
    toolCallId: NotRequired[str | None]
    toolCalls: NotRequired[list[ToolCallInput] | None]
    parts: NotRequired[Any | None]
    responseType: NotRequired[str | None]
    status: NotRequired[MessageStatus | None]
    error: NotRequired[str | None]
    provider: NotRequired[str | None]
    requestModel: NotRequired[str | None]
    responseModel: NotRequired[str | None]
    responseId: NotRequired[str | None]
    finishReasons: NotRequired[list[str] | None]
    inputTokens: NotRequired[int | None]
    outputTokens: NotRequired[int | None]
    cacheReadInputTokens: NotRequired[int | None]
    cacheCreationInputTokens: NotRequired[int | None]
    reasoningOutputTokens: NotRequired[int | None]
    costUsd: NotRequired[str | None]
    timeToFirstChunkMs: NotRequired[int | None]
    durationMs: NotRequired[int | None]
    traceId: NotRequired[str | None]
    spanId: NotRequired[str | None]
    metadata: NotRequired[Any | None]
    createdAt: NotRequired[str | None]


class ModuleStateInput(TypedDict):
    """The whole state of a module."""

    moduleId: str
    state: Any
    expectedRevision: NotRequired[int | None]
    stateType: NotRequired[str | None]
    version: NotRequired[str | None]
    expiresAt: NotRequired[str | None]
    snapshotReason: NotRequired[str | None]
    transition: NotRequired[TransitionInput | None]
    createdAt: NotRequired[str | None]


class StateTransitionInput(TypedDict):
    """A change of the state of one of a session's modules."""

    triggerType: NotRequired[str | None]
    triggerId: NotRequired[str | None]
    transitionData: NotRequired[Any | None]
    actorId: NotRequired[str | None]
    actorType: NotRequired[str | None]
    newValues: Any
    previousValues: NotRequired[Any | None]
    expectedRevision: NotRequired[int | None]
    createdAt: NotRequired[str | None]
    moduleId: str


class MemoryAccessInput(TypedDict):
    """One use of a memory."""

    memory: str
    accessType: str
    accessedBy: NotRequired[str | None]
    accessorType: NotRequired[str | None]
    context: NotRequired[Any | None]
    queryText: NotRequired[str | None]
    rank: NotRequired[int | None]
    score: NotRequired[float | None]
    usefulness: NotRequired[float | None]
    occurredAt: NotRequired[str | None]


class SessionMetricInput(TypedDict):
    """A figure measured of a session."""

    metricType: str
    metricValue: float
    unit: NotRequired[str | None]
    metadata: NotRequired[Any | None]
    recordedAt: NotRequired[str | None]


class RecordTurnInput(TypedDict):
    """What a runtime has to record at the end of a turn."""

    idempotencyKey: NotRequired[str | None]
    session: str
    messages: list[MessageInput]
    moduleStates: NotRequired[list[ModuleStateInput] | None]
    stateTransitions: NotRequired[list[StateTransitionInput] | None]
    memoryAccesses: NotRequired[list[MemoryAccessInput] | None]
    sessionMetrics: NotRequired[list[SessionMetricInput] | None]


class BatchRecordInput(TypedDict):
    """One record: exactly one thing to do, and a `reference` if later records need it."""

    reference: NotRequired[str | None]
    createSession: NotRequired[CreateSessionInput | None]
    updateSession: NotRequired[UpdateSessionInput | None]
    endSession: NotRequired[EndSessionInput | None]
    recordMessage: NotRequired[RecordMessageInput | None]
    recordToolCallResult: NotRequired[RecordToolCallResultInput | None]
    requestConfirmation: NotRequired[RequestConfirmationInput | None]
    decideConfirmation: NotRequired[DecideConfirmationInput | None]
    clearConfirmation: NotRequired[ClearConfirmationInput | None]
    upsertModuleState: NotRequired[UpsertModuleStateInput | None]
    recordStateTransition: NotRequired[RecordStateTransitionInput | None]
    createSessionEvent: NotRequired[CreateSessionEventInput | None]
    recordSessionMetric: NotRequired[RecordSessionMetricInput | None]
    putSessionItem: NotRequired[PutSessionItemInput | None]
    createAgent: NotRequired[CreateAgentInput | None]
    updateAgent: NotRequired[UpdateAgentInput | None]
    createAgentVersion: NotRequired[CreateAgentVersionInput | None]
    activateAgentVersion: NotRequired[ActivateAgentVersionInput | None]
    recordAgentMetric: NotRequired[RecordAgentMetricInput | None]
    createMemory: NotRequired[CreateMemoryInput | None]
    updateMemory: NotRequired[UpdateMemoryInput | None]
    recordMemoryAccess: NotRequired[RecordMemoryAccessInput | None]
    createMemoryAnnotation: NotRequired[CreateMemoryAnnotationInput | None]
    applyMemoryAnnotation: NotRequired[ApplyMemoryAnnotationInput | None]


class RecordBatchInput(TypedDict):
    """Records to make in order, in one transaction."""

    idempotencyKey: NotRequired[str | None]
    records: list[BatchRecordInput]
    partial: NotRequired[bool]
