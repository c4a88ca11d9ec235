"""What a run tells beside its items: who speaks, with which model, for how many tokens."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from agents import Agent, ModelResponse, RunContextWrapper, RunHooks, Tool
from agents.tool_context import ToolContext
from agents.usage import Usage

from sessiongraph_client.openai_agents.item_reading import call_id_of, kind_of, text_of
from sessiongraph_client.schema_types import RecordMessageInput
from sessiongraph_client.stored_json import show_text

_MOST_REMEMBERED = 10_000


@dataclass
class SubAgentRun:
    """A run of an agent as a tool: its agent, what it was given and what it answered."""

    agent_name: str
    items: list[Any] = field(default_factory=list)


@dataclass
class _Response:
    agent_name: str
    request_model: str | None
    response_id: str | None
    usage: Usage | None


class SessiongraphRunHooks(RunHooks[Any]):
    """Hooks of a run, for the session whose `hooks` they are: `Runner.run(…, hooks=session.hooks)`.

    With them the recorded messages have the agent's name, the model, the response's id and its
    tokens, and an agent that is used as a tool gets a session of its own if its `as_tool` is given
    the same `hooks`. What they are told is recorded when the framework stores the turn's items.
    """

    def __init__(self) -> None:
        self._responses: OrderedDict[str, _Response] = OrderedDict()
        self._sub_agents: OrderedDict[str, SubAgentRun] = OrderedDict()
        self._results: OrderedDict[str, str] = OrderedDict()
        self.handed_to: set[str] = set()
        """The agents that a run was handed to."""

    async def on_llm_start(
        self,
        context: RunContextWrapper[Any],
        agent: Agent[Any],
        system_prompt: str | None,
        input_items: list[Any],
    ) -> None:
        """Remember what an agent that is used as a tool is given."""
        if isinstance(context, ToolContext):
            first = SubAgentRun(agent.name)
            _remember(self._sub_agents, context.tool_call_id, first, keep=True)
            self._sub_agents[context.tool_call_id].items = list(input_items)

    async def on_llm_end(
        self, context: RunContextWrapper[Any], agent: Agent[Any], response: ModelResponse
    ) -> None:
        """Remember whose response it is, and what it took."""
        model = agent.model if isinstance(agent.model, str) else None
        told = _Response(agent.name, model, response.response_id, response.usage)
        items = response.to_input_items()
        for item in items:
            _remember(self._responses, _name_of(item), told)
        run = context.tool_call_id if isinstance(context, ToolContext) else None
        if run is not None and run in self._sub_agents:
            self._sub_agents[run].items += items

    async def on_handoff(
        self, context: RunContextWrapper[Any], from_agent: Agent[Any], to_agent: Agent[Any]
    ) -> None:
        """Remember who took over."""
        self.handed_to.add(to_agent.name)

    async def on_tool_end(
        self, context: RunContextWrapper[Any], agent: Agent[Any], tool: Tool, result: object
    ) -> None:
        """Remember what a tool gave: of a sub-agent's tool the framework tells nobody else."""
        if isinstance(context, ToolContext):
            _remember(self._results, context.tool_call_id, str(result))

    def describe(self, message: RecordMessageInput, item: Any) -> None:
        """Tell a message what is known of the response that an item is of; its tokens only once."""
        told = self._responses.pop(_name_of(item), None)
        if told is None:
            return
        message["name"] = show_text(told.agent_name)
        message["requestModel"] = told.request_model
        message["responseId"] = told.response_id
        usage, told.usage = told.usage, None
        if usage is not None and usage.total_tokens:
            message["inputTokens"] = usage.input_tokens
            message["outputTokens"] = usage.output_tokens
            message["cacheReadInputTokens"] = usage.input_tokens_details.cached_tokens
            message["reasoningOutputTokens"] = usage.output_tokens_details.reasoning_tokens

    def has_sub_agent(self, call_id: str) -> bool:
        """Tell whether an agent worked for a tool call."""
        return call_id in self._sub_agents

    def take_result(self, call_id: str) -> str | None:
        """Give what a tool gave for a call, once."""
        return self._results.pop(call_id, None)

    def take_sub_agent(self, call_id: str) -> SubAgentRun | None:
        """Give what an agent did for a tool call, once."""
        return self._sub_agents.pop(call_id, None)


def _name_of(item: Any) -> str:
    """Name an item by what does not change on its way into the session."""
    told = call_id_of(item) if kind_of(item) != "message" else text_of(item.get("content"))
    return f"{kind_of(item)} {told}"


def _remember(known: OrderedDict[str, Any], name: str, value: Any, *, keep: bool = False) -> None:
    """Put a value, and forget the oldest of too many: those of runs that failed stay otherwise."""
    if not (keep and name in known):
        known[name] = value
    while len(known) > _MOST_REMEMBERED:
        known.popitem(last=False)
