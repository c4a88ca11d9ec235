"""Random stores, as hypothesis draws them: anything recorded in any order, with odd values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

import orjson
from hypothesis import strategies as st

from models import (
    ConfirmationStatus,
    MessageRole,
    MessageStatus,
    SessionKind,
    SessionStatus,
    ToolCallStatus,
)
from resolvers.agent import create_agent
from resolvers.agent_metric import record_agent_metric
from resolvers.agent_version import create_agent_version
from resolvers.confirmation import decide_confirmation, request_confirmation
from resolvers.context import Context
from resolvers.errors import DomainError
from resolvers.identifiers import encode
from resolvers.memory import create_memory, update_memory
from resolvers.memory_access import record_memory_access
from resolvers.memory_annotation import create_memory_annotation
from resolvers.memory_deletion import delete_memory
from resolvers.message import delete_message, record_message
from resolvers.module_state import record_state_transition, upsert_module_state
from resolvers.session import create_session, end_session, update_session
from resolvers.session_deletion import delete_session
from resolvers.session_event import create_session_event
from resolvers.session_item import delete_session_items, put_session_item
from resolvers.session_metric import record_session_metric
from resolvers.tool_call import record_tool_call_result
from resolvers.transaction import record

TEXTS = st.one_of(
    st.sampled_from(
        ["a", " ü ", "\n", "\r\n\t", "\\", '"', "\u2028", "🍓", "null", "\x7f", "\x01"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
)
NAMES = TEXTS.filter(lambda text: bool(text.strip()))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.floats(0, 1)
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), FLOATS, TEXTS).filter(
        lambda value: not isinstance(value, float) or abs(value) < 2**64
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
SPELLINGS = DOCUMENTS.map(
    lambda document: orjson.Fragment(
        orjson.dumps(document, option=orjson.OPT_INDENT_2).replace(b": ", b" :\r\n")
        if isinstance(document, list)
        else orjson.dumps(document)
    )
)
OBJECTS = st.dictionaries(TEXTS, DOCUMENTS, max_size=3)
COSTS = st.decimals(0, 10**6, allow_nan=False, places=6)
COUNTS = st.integers(0, 10**6)
REALS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=3)


Step = tuple[str, Any, dict[str, Any]]
"""The noun that is made, if it may be referred to, the recording function, its arguments."""


@dataclass
class DrawnStore:
    """Draws what is recorded next, about what was recorded before."""

    context: Context
    draw: Callable[[st.SearchStrategy[Any]], Any]
    ids: dict[str, list[str]] = field(default_factory=dict)

    def some(self, noun: str) -> str | None:
        """Name a row of a noun; None if there is none, or by chance."""
        known = self.ids.get(noun, [])
        drawn: str | None = self.draw(st.sampled_from([None, *known[-4:]]))
        return drawn

    def maybe(self, **strategies: st.SearchStrategy[Any]) -> dict[str, Any]:
        """Draw values for some of the arguments."""
        given = self.draw(st.sets(st.sampled_from(sorted(strategies)), max_size=3))
        return {name: self.draw(strategies[name]) for name in sorted(given)}

    async def record(self, noun: str, function: Any, **arguments: Any) -> None:
        """Record something; what is refused, or lacks what it is about, is left."""
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            signature(function).bind(None, **given)
            answer = await record(self.context, "drawn", function, given)
        except (DomainError, TypeError):
            return
        if noun and answer.get(noun) is not None:
            known = self.ids.setdefault(noun, [])
            known.append(encode(noun, answer[noun]))
        for call in answer.get("tool_calls", []):
            self.ids.setdefault("tool_call", []).append(encode("tool_call", call))

    async def step(self) -> None:
        """Record one thing."""
        session = self.some("session")
        step = self.draw(st.sampled_from(sorted(self.steps(session))))
        noun, function, arguments = self.steps(session)[step]()
        await self.record(noun, function, **arguments)

    def steps(
        self, session: str | None
    ) -> dict[str, Callable[[], tuple[str, Any, dict[str, Any]]]]:
        """Give what may be recorded, each with its noun, its function and drawn arguments."""
        draw, maybe, some = self.draw, self.maybe, self.some
        return {
            "agent": lambda: (
                "agent",
                create_agent,
                {"agent_id": draw(NAMES), "name": draw(NAMES), **maybe(metadata=OBJECTS)},
            ),
            "version": lambda: (
                "agent_version",
                create_agent_version,
                {
                    "agent": some("agent"),
                    "version_number": draw(NAMES),
                    **maybe(changes=OBJECTS, configuration=OBJECTS, created_by=NAMES),
                },
            ),
            "agent metric": lambda: (
                "",
                record_agent_metric,
                {"agent": some("agent"), "metric_type": "m", "metric_value": draw(FLOATS)},
            ),
            **dict.fromkeys(
                ("session", "another session"),
                lambda: (
                    "session",
                    create_session,
                    {
                        "parent": session,
                        "kind": None if session is None else draw(st.sampled_from(_KINDS)),
                        "agent": some("agent"),
                        "spawned_by_tool_call": some("tool_call"),
                        **maybe(
                            session_id=NAMES,
                            title=TEXTS,
                            tags=st.lists(NAMES, max_size=2),
                            metadata=OBJECTS,
                            context=OBJECTS,
                            business_context=DOCUMENTS,
                            user_id=NAMES,
                        ),
                    },
                ),
            ),
            "update": lambda: (
                "",
                update_session,
                {"session": session, **maybe(title=TEXTS, quality_score=SCORES, metadata=OBJECTS)},
            ),
            **dict.fromkeys(
                ("message", "another message"),
                lambda: (
                    "message",
                    record_message,
                    {
                        "session": session,
                        "role": draw(st.sampled_from(MessageRole)),
                        "tool_calls": [
                            {
                                "tool_name": draw(NAMES),
                                **maybe(arguments=SPELLINGS, tool_type=NAMES),
                            }
                            for _ in range(draw(st.integers(0, 2)))
                        ],
                        **maybe(
                            content=TEXTS,
                            parts=SPELLINGS,
                            name=NAMES,
                            input_tokens=COUNTS,
                            output_tokens=COUNTS,
                            cost_usd=COSTS,
                            status=st.sampled_from(MessageStatus),
                            metadata=OBJECTS,
                            finish_reasons=st.lists(NAMES, max_size=2),
                        ),
                    },
                ),
            ),
            "deletion of a message": lambda: ("", delete_message, {"message": some("message")}),
            "result": lambda: (
                "",
                record_tool_call_result,
                {
                    "tool_call": some("tool_call"),
                    "status": draw(st.sampled_from(ToolCallStatus)),
                    **maybe(result=DOCUMENTS, error_message=TEXTS),
                },
            ),
            "confirmation": lambda: (
                "confirmation",
                request_confirmation,
                {"session": session, "tool_name": draw(NAMES), **maybe(arguments=DOCUMENTS)},
            ),
            "confirmation of a call": lambda: (
                "confirmation",
                request_confirmation,
                {"session": session, "tool_call": some("tool_call")},
            ),
            "decision": lambda: (
                "",
                decide_confirmation,
                {
                    "confirmation": some("confirmation"),
                    "decision": draw(st.sampled_from(ConfirmationStatus)),
                    **maybe(reason=TEXTS, decided_by=NAMES),
                },
            ),
            "state": lambda: (
                "module_state",
                upsert_module_state,
                {
                    "session": session,
                    "module_id": draw(st.sampled_from(["m", "n"])),
                    "state": draw(DOCUMENTS),
                    **maybe(snapshot_reason=NAMES, state_type=NAMES),
                },
            ),
            "transition": lambda: (
                "",
                record_state_transition,
                {"session": session, "module_id": "m", "new_values": draw(OBJECTS)},
            ),
            "event": lambda: (
                "",
                create_session_event,
                {"session": session, "event_type": draw(NAMES), **maybe(event_data=DOCUMENTS)},
            ),
            "metric": lambda: (
                "",
                record_session_metric,
                {"session": session, "metric_type": draw(NAMES), "metric_value": draw(FLOATS)},
            ),
            "item": lambda: (
                "session_item",
                put_session_item,
                {
                    "session": session,
                    "collection": draw(st.sampled_from(["c", "d"])),
                    "key": draw(NAMES),
                    "value": draw(SPELLINGS),
                    **maybe(metadata=OBJECTS),
                },
            ),
            "deletion of items": lambda: (
                "",
                delete_session_items,
                {"session": session, "collection": "c"},
            ),
            "memory": lambda: (
                "memory",
                create_memory,
                {
                    "type": draw(NAMES),
                    "content": draw(DOCUMENTS),
                    "session": session,
                    "agent": some("agent"),
                    "source_message": some("message"),
                    "relations": [
                        {"memory": memory, "relation_type": "RELATED"}
                        for memory in {some("memory")} - {None}
                    ],
                    **maybe(
                        memory_id=NAMES, importance=SCORES, embedding=REALS, content_text=TEXTS
                    ),
                },
            ),
            "change of a memory": lambda: (
                "",
                update_memory,
                {"memory": some("memory"), "content": draw(DOCUMENTS), **maybe(importance=SCORES)},
            ),
            "deletion of a memory": lambda: ("", delete_memory, {"memory": some("memory")}),
            "access": lambda: (
                "",
                record_memory_access,
                {
                    "memory": some("memory"),
                    "session": session,
                    "access_type": "READ",
                    **maybe(context=DOCUMENTS, query_text=TEXTS, score=FLOATS, usefulness=SCORES),
                },
            ),
            "annotation": lambda: (
                "",
                create_memory_annotation,
                {
                    "memory": some("memory"),
                    "annotation_type": draw(NAMES),
                    "content": draw(DOCUMENTS),
                    "annotator_kind": "LLM",
                },
            ),
            "end": lambda: (
                "",
                end_session,
                {"session": session, "status": draw(st.sampled_from(SessionStatus))},
            ),
            "deletion": lambda: ("", delete_session, {"session": session}),
        }


_KINDS = [kind for kind in SessionKind if kind is not SessionKind.ROOT]
