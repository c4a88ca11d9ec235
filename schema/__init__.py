"""What the client sees: the GraphQL schema, put together from one module a noun."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.base import get_object_definition

from schema.agent import AgentQuery
from schema.agent_version import AgentVersionQuery
from schema.confirmation import ConfirmationQuery
from schema.fields import NODE_TYPES
from schema.inputs import plain_inputs
from schema.memory import MemoryQuery
from schema.message import MessageQuery
from schema.module_state import ModuleStateQuery
from schema.mutations.agent import AgentMutation
from schema.mutations.agent_metric import AgentMetricMutation
from schema.mutations.agent_version import AgentVersionMutation
from schema.mutations.batch import BatchMutation
from schema.mutations.confirmation import ConfirmationMutation
from schema.mutations.memory import MemoryMutation
from schema.mutations.memory_access import MemoryAccessMutation
from schema.mutations.memory_annotation import MemoryAnnotationMutation
from schema.mutations.message import MessageMutation
from schema.mutations.module_state import ModuleStateMutation
from schema.mutations.session import SessionMutation
from schema.mutations.session_event import SessionEventMutation
from schema.mutations.session_item import SessionItemMutation
from schema.mutations.session_metric import SessionMetricMutation
from schema.mutations.tool_call import ToolCallMutation
from schema.mutations.turn import TurnMutation
from schema.node import NodeQuery
from schema.scalars import SCALARS
from schema.session import SessionQuery
from schema.session_export import SessionExportQuery
from schema.session_item import SessionItemQuery
from schema.subscriptions.confirmation import ConfirmationSubscription
from schema.subscriptions.memory_access import MemoryAccessSubscription
from schema.subscriptions.session import SessionSubscription
from schema.subscriptions.session_event import SessionEventSubscription
from schema.tool_call import ToolCallQuery


def _describe(root: type, description: str) -> None:
    definition = get_object_definition(root, strict=True)
    definition.description = description


Query = merge_types(
    "Query",
    (
        NodeQuery,
        SessionQuery,
        SessionExportQuery,
        MessageQuery,
        ToolCallQuery,
        ConfirmationQuery,
        ModuleStateQuery,
        SessionItemQuery,
        AgentQuery,
        AgentVersionQuery,
        MemoryQuery,
    ),
)

Mutation = merge_types(
    "Mutation",
    (
        SessionMutation,
        MessageMutation,
        ToolCallMutation,
        ConfirmationMutation,
        SessionEventMutation,
        SessionMetricMutation,
        ModuleStateMutation,
        SessionItemMutation,
        AgentMutation,
        AgentVersionMutation,
        AgentMetricMutation,
        MemoryMutation,
        MemoryAccessMutation,
        MemoryAnnotationMutation,
        TurnMutation,
        BatchMutation,
    ),
)

Subscription = merge_types(
    "Subscription",
    (
        SessionEventSubscription,
        SessionSubscription,
        ConfirmationSubscription,
        MemoryAccessSubscription,
    ),
)

_describe(Query, "What can be read. An id of another project is as if it were not there.")
_describe(
    Mutation,
    "What can be recorded. Each mutation is one transaction, and is answered after its commit.",
)
_describe(
    Subscription,
    "What can be followed, over WebSocket (`graphql-transport-ws`) or Server-Sent Events. Each "
    "event comes once and in order, with what it leads to as it is by then. Who was cut off goes "
    "on with the number of the last event seen as `after`.",
)

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=list(NODE_TYPES.values()),
    config=StrawberryConfig(scalar_map=dict(SCALARS)),
)
plain_inputs(schema._schema)  # noqa: SLF001  the graphql-core schema has no public name
