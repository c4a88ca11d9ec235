"""Where the spans of a trace belong, and which of them may be recorded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange.spans.kept_spans import KnownSpan
from exchange.spans.operation import OperationKind

_MAXIMUM_DEPTH = 200
"""Of spans in spans; what is deeper is placed as if its parents did not come."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a trace."""

    spans: Mapping[bytes, KnownSpan]

    def ancestors(self, span: KnownSpan) -> Iterator[KnownSpan]:
        """Give the spans above one, the nearest first, as far as they are known."""
        for _ in range(_MAXIMUM_DEPTH):  # which a circle of spans never ends before
            above = None if span.parent_id is None else self.spans.get(span.parent_id)
            if above is None:
                return
            yield above
            span = above

    def missing_parent(self, span: KnownSpan) -> bytes | None:
        """Give the id of the parent at which the chain above a span breaks off."""
        *_, top = [span, *self.ancestors(span)]
        return top.parent_id if top.parent_id not in self.spans else None

    def enclosing(self, span: KnownSpan, *kinds: OperationKind) -> KnownSpan | None:
        """Give the nearest span of some kinds above one, without leaving its agent."""
        for above in self.ancestors(span):
            if above.kind in kinds:
                return above
            if above.kind is OperationKind.AGENT:
                return None
        return None

    def agent_of(self, span: KnownSpan) -> KnownSpan | None:
        """Give the run of an agent that a span is part of."""
        return self.enclosing(span, OperationKind.AGENT)

    def conversation_of(self, span: KnownSpan) -> str | None:
        """Give the conversation that a span or the nearest above it names."""
        named = (each.conversation for each in (span, *self.ancestors(span)))
        return next((name for name in named if name is not None), None)

    def has_model_calls(self, agent: KnownSpan) -> bool:
        """Whether a span of the trace tells of a call that the run of an agent made to a model."""
        return any(
            span.kind is OperationKind.CHAT and self.agent_of(span) == agent
            for span in self.spans.values()
        )

    def ready(self, *, waits: bool = True) -> list[KnownSpan]:
        """Give the spans to record: a parent before its children, else by their start.

        Those are the ones that wait and whose parents are all known, and those that waited too
        long, with all above them; or all, if one `waits` no more.
        """
        places: dict[bytes, _Place] = {}
        ready: dict[bytes, KnownSpan] = {}
        for span in self.spans.values():
            if span.is_waiting and span.id not in ready:
                if span.is_late or not waits:
                    above = [each for each in self.ancestors(span) if each.is_waiting]
                    ready |= {each.id: each for each in (span, *above)}
                elif self._place(span, places).is_whole:
                    ready[span.id] = span
        return sorted(ready.values(), key=lambda span: self._place(span, places).order)

    def _place(self, span: KnownSpan, places: dict[bytes, "_Place"]) -> "_Place":
        """Give the place of a span, and keep that of each above it."""
        chain = [span]
        for above in self.ancestors(span):
            if above.id in places:
                break
            chain.append(above)
        for each in reversed(chain):
            if each.id not in places:
                parent = None if each.parent_id is None else places.get(each.parent_id)
                places[each.id] = _Place(
                    parent.is_whole if parent else each.parent_id is None,
                    # clocks may say that a child began before its parent
                    max(each.started_at, parent.began) if parent else each.started_at,
                    parent.depth + 1 if parent else 0,
                )
        return places[span.id]


@dataclass(frozen=True, slots=True)
class _Place:
    is_whole: bool
    """Whether all above it is known, up to the trace's root."""
    began: datetime
    depth: int

    @property
    def order(self) -> tuple[datetime, int]:
        return self.began, self.depth
