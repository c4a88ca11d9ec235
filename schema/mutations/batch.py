"""The mutation that records many things at once."""

from typing import Any

import strawberry

from resolvers.batch import MAXIMUM_RECORDS, record_batch
from resolvers.identifiers import decode
from schema.fields import Info, load_node, value
from schema.method import method
from schema.mutations.agent import CreateAgentInput, UpdateAgentInput
from schema.mutations.agent_metric import RecordAgentMetricInput
from schema.mutations.agent_version import ActivateAgentVersionInput, CreateAgentVersionInput
from schema.mutations.confirmation import (
    ClearConfirmationInput,
    DecideConfirmationInput,
    RequestConfirmationInput,
)
from schema.mutations.declaration import (
    Payload,
    RecordingInput,
    mutation,
    optional,
    required,
)
from schema.mutations.memory import CreateMemoryInput, UpdateMemoryInput
from schema.mutations.memory_access import RecordMemoryAccessInput
from schema.mutations.memory_annotation import (
    ApplyMemoryAnnotationInput,
    CreateMemoryAnnotationInput,
)
from schema.mutations.message import RecordMessageInput
from schema.mutations.module_state import RecordStateTransitionInput, UpsertModuleStateInput
from schema.mutations.session import CreateSessionInput, EndSessionInput, UpdateSessionInput
from schema.mutations.session_event import CreateSessionEventInput
from schema.mutations.session_item import PutSessionItemInput
from schema.mutations.session_metric import RecordSessionMetricInput
from schema.mutations.tool_call import RecordToolCallResultInput
from schema.node import Node

_AS_ALONE = "What the mutation of this name takes, without `idempotencyKey`."


@strawberry.input(
    description="One record: exactly one thing to do, and a `reference` if later records need it."
)
class BatchRecordInput:
    """One of the inputs that single mutations take."""

    reference: str | None = optional(
        "A name for what is recorded, unique in the batch. Later records give it where an id is "
        "taken; a message's calls are `<reference>.toolCalls.0` and so on."
    )
    create_session: CreateSessionInput | None = optional(_AS_ALONE)
    update_session: UpdateSessionInput | None = optional(_AS_ALONE)
    end_session: EndSessionInput | None = optional(_AS_ALONE)
    record_message: RecordMessageInput | None = optional(_AS_ALONE)
    record_tool_call_result: RecordToolCallResultInput | None = optional(_AS_ALONE)
    request_confirmation: RequestConfirmationInput | None = optional(_AS_ALONE)
    decide_confirmation: DecideConfirmationInput | None = optional(_AS_ALONE)
    clear_confirmation: ClearConfirmationInput | None = optional(_AS_ALONE)
    upsert_module_state: UpsertModuleStateInput | None = optional(_AS_ALONE)
    record_state_transition: RecordStateTransitionInput | None = optional(_AS_ALONE)
    create_session_event: CreateSessionEventInput | None = optional(_AS_ALONE)
    record_session_metric: RecordSessionMetricInput | None = optional(_AS_ALONE)
    put_session_item: PutSessionItemInput | None = optional(_AS_ALONE)
    create_agent: CreateAgentInput | None = optional(_AS_ALONE)
    update_agent: UpdateAgentInput | None = optional(_AS_ALONE)
    create_agent_version: CreateAgentVersionInput | None = optional(_AS_ALONE)
    activate_agent_version: ActivateAgentVersionInput | None = optional(_AS_ALONE)
    record_agent_metric: RecordAgentMetricInput | None = optional(_AS_ALONE)
    create_memory: CreateMemoryInput | None = optional(_AS_ALONE)
    update_memory: UpdateMemoryInput | None = optional(_AS_ALONE)
    record_memory_access: RecordMemoryAccessInput | None = optional(_AS_ALONE)
    create_memory_annotation: CreateMemoryAnnotationInput | None = optional(_AS_ALONE)
    apply_memory_annotation: ApplyMemoryAnnotationInput | None = optional(_AS_ALONE)


@strawberry.input(description="Records to make in order, in one transaction.")
class RecordBatchInput(RecordingInput):
    """Many records."""

    records: list[BatchRecordInput] = required(f"The records, in order; 1 to {MAXIMUM_RECORDS:,}.")
    partial: bool = strawberry.field(
        default=False,
        description=(
            "False: all are recorded or none. True: each that can be is, and `results` tells the "
            "errors of the others."
        ),
    )


@strawberry.type(description="Why a record was not made.")
class RecordError:
    """An error of one record, as a single mutation would give it."""

    row: strawberry.Private[dict[str, Any]]
    code: str = value("code", "BAD_USER_INPUT, NOT_FOUND or CONFLICT.")
    message: str = value("message", "What is wrong, and the fix.")
    field: str | None = value("field", "The place in the input, from `records` on; null if none.")


@strawberry.type(description="What became of one record.")
class BatchResult:
    """The id of what was recorded, or the error."""

    row: strawberry.Private[dict[str, Any]]
    reference: str | None = value("reference", "The record's reference; null if it gave none.")
    id: strawberry.ID | None = value(
        "id", "The id of what was recorded or changed; null if there is an error."
    )

    @method("What was recorded or changed, as it is now; null if there is an error.")
    async def node(self, info: Info) -> Node | None:
        """Load it, together with the others of its kind."""
        decoded = decode(self.row["id"] or "")
        found: Node | None = decoded and await load_node(info.context, *decoded)
        return found

    @method("Why it was not recorded; null if it was.")
    def error(self) -> RecordError | None:
        """Show the error."""
        return RecordError(row=self.row["error"]) if self.row["error"] else None


@strawberry.type(description="What became of the records.")
class RecordBatchPayload(Payload):
    """The answer of recordBatch."""

    @method("One for each record, in order.")
    def results(self) -> list[BatchResult]:
        """Show the results."""
        return [BatchResult(row=result) for result in self.row["results"]]

    @method("How many were recorded.")
    def recorded_count(self) -> int:
        """Count those without an error."""
        return sum(result["error"] is None for result in self.row["results"])


@strawberry.type
class BatchMutation:
    """The mutation of batches."""

    record_batch: RecordBatchPayload | None = mutation(
        record_batch,
        RecordBatchInput,
        RecordBatchPayload,
        "Record up to 1,000 things of any kind in one transaction, in order. It is several times "
        "faster than single mutations.",
    )
