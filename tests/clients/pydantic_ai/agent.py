"""pydantic-ai: two turns of a conversation with an agent that asks another, exported by OTLP.

The models are made up: they need no key and no network.
"""

import asyncio
import json
import sys
import warnings
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.instrumented import InstrumentationSettings
from pydantic_ai.models.test import TestModel


def _clerk(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    """Weigh and count when asked, then say what came of it."""
    last = messages[-1].parts
    if any(isinstance(part, UserPromptPart) for part in last):
        turn = sum(
            isinstance(part, UserPromptPart) for message in messages for part in message.parts
        )
        return ModelResponse(
            parts=[
                TextPart("I shall weigh and count."),
                ToolCallPart("weigh", {"parcel": "JX-2041"}, f"weigh-{turn}"),
                ToolCallPart("count", {"what": "parcels"}, f"count-{turn}"),
                ToolCallPart("seal", {}, f"seal-{turn}"),
            ]
        )
    results = [part.content for part in last if isinstance(part, ToolReturnPart)]
    return ModelResponse(parts=[TextPart(json.dumps(results))])


async def main() -> None:
    """Run the task and send all its spans."""
    task: dict[str, Any] = json.loads(sys.argv[1])
    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=task["url"])
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=task["batch"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old version says that it is one
        settings = InstrumentationSettings(
            tracer_provider=provider, version=task["version"], include_content=task["content"]
        )
    Agent.instrument_all(settings)

    counter = Agent(TestModel(custom_output_text="three"), name="counter", instructions="Count.")

    def weigh(parcel: str) -> dict[str, Any]:
        return {"parcel": parcel, "grams": 420}

    async def count(what: str) -> str:
        return str((await counter.run(f"How many {what}?")).output)

    def seal() -> str:
        raise ModelRetry("There is no wax.")

    tools = [weigh, count, seal]
    clerk = Agent(FunctionModel(_clerk), name="clerk", system_prompt="Be brief.", tools=tools)

    conversation = task["conversation"]
    first = await clerk.run("What is there?", conversation_id=conversation)
    history = first.all_messages()
    await clerk.run("And now?", message_history=history, conversation_id=conversation)
    provider.shutdown()


asyncio.run(main())
