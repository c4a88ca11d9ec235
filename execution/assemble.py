"""Makes a query's objects of the rows that were read, the lowest first: those above hold them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from execution.plan import (
    KEY,
    ConnectionPlan,
    CountStep,
    NodesStep,
    ObjectPlan,
    OneStep,
    PageStep,
    QueryPlan,
    Rest,
    Step,
)
from resolvers.pace import SLICE_ROWS, Pace
from resolvers.page import Page, PageRows, write_cursor

Object = dict[str, Any]


class Connections(dict[Any, Object]):
    """Connections by key; all without rows are the same."""

    empty: Object

    def __missing__(self, _key: Any) -> Object:
        return self.empty


@dataclass
class Assembly:
    """The objects of one request."""

    pages: Mapping[int, Page]
    holds: Sequence[bool]
    cursors: Mapping[int, Sequence[int]]
    """Where the values for cursors stand in the rows of a step."""
    values: list[Any] = field(default_factory=list)
    """What each step gives."""
    rest: list[tuple[Rest, Sequence[Any], list[Object]]] = field(default_factory=list)
    """What graphql-core is to add, with the rows and the objects that were made of them."""
    pace: Pace = field(default_factory=Pace)

    async def data(self, plan: QueryPlan, rows: Sequence[Sequence[Any]], asked: Any) -> Object:
        """Make the query's data of the rows of each step, and of the ids that roots ask for."""
        self.values = [None] * len(plan.steps)
        for step in reversed(plan.steps):
            self.values[step.number] = await self.value(step, rows[step.number])
        return plan.make(asked, self.holds, self.values)

    async def value(self, step: Step, rows: Sequence[Any]) -> Any:
        """Make what a step gives."""
        match step:
            case PageStep():
                return await self.connections(step, rows)
            case OneStep():
                made = await self.objects(step.objects, rows)
                return {row[KEY]: one for row, one in zip(rows, made, strict=True)}
            case CountStep():
                return {row[KEY]: row[step.position] for row in rows}
            case NodesStep():
                return {prefix: self.values[each.number] for prefix, each in step.steps.items()}
        raise TypeError(step)

    async def objects(self, plan: ObjectPlan, rows: Sequence[Any]) -> list[Object]:
        """Make an object of each row."""
        make, holds, values = plan.make, self.holds, self.values
        made = [make(row, holds, values) for row in rows[:SLICE_ROWS]]
        for start in range(SLICE_ROWS, len(rows), SLICE_ROWS):
            await self.pace.keep()
            made += [make(row, holds, values) for row in rows[start : start + SLICE_ROWS]]
        if plan.rest is not None and made:
            self.rest.append((plan.rest, rows, made))
        return made

    async def connections(self, step: PageStep, rows: Sequence[Any]) -> Connections:
        """Make the connection of each key, and that of any that has no rows."""
        made = Connections()
        page = self.pages.get(step.number)
        if page is None:
            return made
        plan = step.connection
        nodes = await self.objects(plan.nodes, rows) if plan.nodes else rows
        items: Iterable[Any] = nodes
        if not plan.is_plain:
            edge_nodes = await self.objects(plan.edge_nodes, rows) if plan.edge_nodes else rows
            cursors = self.written_cursors(step, page, rows) if plan.wants_cursors else rows
            items = zip(nodes, edge_nodes, cursors, strict=True)
        groups: dict[Any, list[Any]] = defaultdict(list)
        for row, item in zip(rows, items, strict=True):
            groups[row[KEY]].append(item)
        await self.pace.keep()
        counts: Mapping[Any, int] = {}
        if plan.count is not None:
            counts = self.values[plan.count.number]
            for key in counts:
                groups.setdefault(key, [])  # what is counted may lie beside the page
        if plan.is_plain:
            make, holds, values = plan.make, self.holds, self.values
            for key, own in groups.items():
                made[key] = make(((), page.trim(own), None, counts.get(key)), holds, values)
            made.empty = make(((), (), None, None), holds, values)
        else:
            for key, own in groups.items():
                made[key] = self.connection(plan, page.cut(own), counts.get(key))
            made.empty = self.connection(plan, page.cut(()), None)
        return made

    def connection(self, plan: ConnectionPlan, page: PageRows, count: int | None) -> Object:
        """Make a connection of (node, node of an edge, cursor)."""
        holds, values = self.holds, self.values
        items: Sequence[Any] = page.rows
        edges: Sequence[Object] = ()
        if plan.make_edge is not None:
            make_edge = plan.make_edge
            edges = [make_edge((cursor, node), holds, values) for _, node, cursor in items]
        information = None
        if plan.make_information is not None:
            ends = (items[0][2], items[-1][2]) if items else (None, None)
            parts = (page.has_next, page.has_previous, *ends)
            information = plan.make_information(parts, holds, values)
        return plan.make((edges, [item[0] for item in items], information, count), holds, values)

    def written_cursors(self, step: PageStep, page: Page, rows: Sequence[Any]) -> list[str]:
        """Write the cursor of each row."""
        places = self.cursors[step.number]
        return [
            write_cursor([_value_of(row[place]) for place in places], page.signature)
            for row in rows
        ]


def _value_of(read: Any) -> Any:
    """Give the value of an order's column, which is a UUID where bytes were read."""
    return UUID(bytes=read) if isinstance(read, bytes) else read
