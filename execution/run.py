"""Runs a plan: each level of the query at once."""

from asyncio import Task, create_task, gather, sleep
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_variable_values,
)

from execution.collect import Condition, Unplannable
from execution.fetch import count, fetch_one, fetch_pages
from execution.plan import (
    AnyObjectPlan,
    Link,
    LinkPlace,
    NodesRoot,
    ObjectPlan,
    OneLink,
    PagePlan,
    PageRoot,
    QueryPlan,
    Rest,
    Root,
    SubjectLink,
)
from execution.rest import run_rest
from resolvers.context import Context
from resolvers.identifiers import decode, decode_as
from resolvers.loaders import AnyPage, ById, OneByColumn
from resolvers.page import MAXIMUM_PAGE_SIZE, Page, PageRows, write_cursor
from resolvers.validation import check_name
from schema.fields import read_page_arguments

T = TypeVar("T")


async def run_query(
    plan: QueryPlan,
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    context: Context,
    variables: Mapping[str, Any],
) -> dict[str, Any]:
    """Give a query's data. Raises whatever went wrong: graphql-core is to tell it."""
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    if isinstance(coerced, list):
        raise Unplannable
    holds = [_holds(condition, coerced.coerced) for condition in plan.conditions]
    run = _Run(schema, context, variables, coerced, holds)
    try:
        return await run.query(plan)
    finally:
        for task in list(run.tasks):  # of a query that failed
            task.cancel()


def _holds(condition: Condition, variables: Mapping[str, Any]) -> bool:
    return all(variables[name] is wanted for name, wanted in condition)


@dataclass
class _Run:
    schema: GraphQLSchema
    context: Context
    variables: Mapping[str, Any]
    coerced: Any
    holds: list[bool]
    waiting: dict[Any, tuple[dict[Any, None], Task[dict[Any, Any]]]] = field(default_factory=dict)
    read: dict[Any, Task[list[PageRows]]] = field(default_factory=dict)
    tasks: set[Task[Any]] = field(default_factory=set)
    """What is being loaded."""

    async def query(self, plan: QueryPlan) -> dict[str, Any]:
        data = plan.make((), self.holds)
        roots = [root for root in plan.roots if self.included(root.place.condition)]
        values = await gather(*[self.root(root) for root in roots])
        for root, value in zip(roots, values, strict=True):
            data[root.place.key] = value
        return data

    def included(self, condition: int | None) -> bool:
        return condition is None or self.holds[condition]

    def arguments(self, place: LinkPlace) -> dict[str, Any]:
        return get_argument_values(place.field, place.node, self.coerced)

    async def root(self, root: Root) -> Any:
        if isinstance(root, PageRoot):
            return (await self.pages(root.page, root.place, [None]))[0]
        if isinstance(root, NodesRoot):
            return await self.nodes(root)
        given = self.arguments(root.place)["id"]
        loader: Any = root.loader
        names = tuple(root.target.columns.names)
        if root.by_name is not None and decode(given) is None:
            check_name(given, "id")
            loader, key = root.by_name, given
            names = _with(names, root.by_name.column)
        else:
            key = decode_as(root.loader.table, given, "id")
        row = (await self.rows(loader, names, [key])).get(key)
        return None if row is None else (await self.objects(root.target, [row]))[0]

    async def rows(
        self, loader: ById | OneByColumn, names: tuple[str, ...], keys: Sequence[Any]
    ) -> dict[Any, Any]:
        """Load rows by their keys, together with what others ask of the loader by now."""

        async def fetch(wanted: dict[Any, None]) -> dict[Any, Any]:
            await sleep(0)
            del self.waiting[loader, names]
            return await fetch_one(self.context, loader, names, list(wanted))

        if (loader, names) not in self.waiting:
            asked: dict[Any, None] = {}
            self.waiting[loader, names] = asked, self.start(fetch(asked))
        wanted, task = self.waiting[loader, names]
        wanted.update(dict.fromkeys(keys))
        found = await task
        return {key: found[key] for key in keys if key in found}

    def start(self, loading: Coroutine[Any, Any, T]) -> Task[T]:
        task = create_task(loading)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def rest(self, rest: Rest, rows: Sequence[Any], made: list[dict[str, Any]]) -> None:
        """Let graphql-core work out the other fields, of all nodes at the same time."""
        kept = [key for key, condition in rest.keys if self.included(condition)]
        if kept:
            run = partial(run_rest, rest, self.schema, self.context, self.variables)
            for one, data in zip(made, await gather(*map(run, rows)), strict=True):
                one.update({key: data[key] for key in kept})

    async def page_rows(
        self, loader: AnyPage, names: tuple[str, ...], keys: list[Any], page: Page
    ) -> list[PageRows]:
        """Load pages, once where they are asked for twice."""
        identity = (loader, names, tuple(keys), page)
        if identity not in self.read:
            fetching = fetch_pages(self.context, loader, names, keys, page)
            self.read[identity] = self.start(fetching)
        return await self.read[identity]

    async def nodes(self, root: NodesRoot) -> Any:
        given = self.arguments(root.place)
        ids = given["ids"] if root.is_list else [given["id"]]
        decoded = [decode(each) for each in ids]
        if len(ids) > MAXIMUM_PAGE_SIZE or None in decoded:
            raise Unplannable(root.place.key)
        found = await self.any_objects(root.targets, [each for each in decoded if each])
        objects = [found.get(each) for each in decoded if each]
        return objects if root.is_list else objects[0]

    async def any_objects(
        self, plans: AnyObjectPlan, ids: list[tuple[str, UUID]]
    ) -> dict[tuple[str, UUID], dict[str, Any]]:
        """Make the objects of rows of any noun, by the prefix and the id."""
        wanted: dict[str, dict[UUID, None]] = {}
        for prefix, key in ids:
            if prefix in plans:
                wanted.setdefault(prefix, {})[key] = None

        async def load(prefix: str, keys: list[UUID]) -> dict[tuple[str, UUID], dict[str, Any]]:
            plan = plans[prefix]
            loader = ById(plan.columns.table)
            rows = await self.rows(loader, tuple(plan.columns.names), keys)
            objects = await self.objects(plan, list(rows.values()))
            return dict(zip([(prefix, key) for key in rows], objects, strict=True))

        parts = await gather(*[load(prefix, list(keys)) for prefix, keys in wanted.items()])
        return {key: value for part in parts for key, value in part.items()}

    async def objects(self, plan: ObjectPlan, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Make an object of each row, with what is below it."""
        holds = self.holds
        make = plan.make
        made = [make(row, holds) for row in rows]
        if made:
            work = [
                self.link(link, rows, made)
                for link in plan.links
                if self.included(link.place.condition)
            ]
            if plan.rest is not None:
                work.append(self.rest(plan.rest, rows, made))
            if len(work) == 1:
                await work[0]
            elif work:
                await gather(*work)
        return made

    async def link(self, link: Link, rows: Sequence[Any], made: list[dict[str, Any]]) -> None:
        key = link.place.key
        if isinstance(link, SubjectLink):
            ids = [(row[link.prefix_position], row[link.id_position]) for row in rows]
            found = await self.any_objects(link.targets, [each for each in ids if each[0]])
            for named, one in zip(ids, made, strict=True):
                one[key] = found.get(named)
            return
        position = link.key_position
        if not isinstance(link, OneLink):
            keys = list(dict.fromkeys(row[position] for row in rows))
            pages = dict(zip(keys, await self.pages(link.page, link.place, keys), strict=True))
            for row, one in zip(rows, made, strict=True):
                one[key] = pages[row[position]]
            return
        wanted = list(dict.fromkeys(row[position] for row in rows if row[position] is not None))
        targets: dict[Any, dict[str, Any]] = {}
        if wanted:
            names = _with(tuple(link.target.columns.names), link.loader.column)
            found_rows = await self.rows(link.loader, names, wanted)
            objects = await self.objects(link.target, list(found_rows.values()))
            targets = dict(zip(found_rows, objects, strict=True))
        for row, one in zip(rows, made, strict=True):
            one[key] = target = targets.get(row[position])
            if target is None and link.is_required:
                raise Unplannable(key)

    async def pages(
        self, plan: PagePlan, place: LinkPlace, keys: list[Any]
    ) -> list[dict[str, Any]]:
        """Make the connection of each key."""
        page = read_page_arguments(plan.loader, **self.arguments(place))
        names = tuple(plan.columns.names)
        if plan.wants_cursors:
            for column in page.order.columns:
                names = _with(names, column)
        counting = count(self.context, plan.loader, keys, page) if plan.wants_count else None
        loading = self.page_rows(plan.loader, names, keys, page)
        if counting is None:
            loaded, counts = await loading, [0] * len(keys)
        else:
            loaded, counts = await gather(loading, counting)
        rows = [row for each in loaded for row in each.rows]
        nodes = await self.objects(plan.nodes, rows) if plan.nodes else rows
        edge_nodes = await self.objects(plan.edge_nodes, rows) if plan.edge_nodes else rows
        cursors = self.cursors(rows, names, page) if plan.wants_cursors else rows
        made = []
        start = 0
        for each, total in zip(loaded, counts, strict=True):
            end = start + len(each.rows)
            edges: Any = ()
            if plan.wants_edges:
                pairs = zip(cursors[start:end], edge_nodes[start:end], strict=True)
                edges = [plan.make_edge(pair, self.holds) for pair in pairs]
            ends = (cursors[start], cursors[end - 1]) if end > start else (None, None)
            information = plan.make_information(
                (each.has_next, each.has_previous, *ends), self.holds
            )
            parts = (edges, nodes[start:end], information, total)
            made.append(plan.make(parts, self.holds))
            start = end
        return made

    def cursors(self, rows: Sequence[Any], names: tuple[str, ...], page: Page) -> list[str]:
        places = [names.index(column) for column in page.order.columns]
        signature = page.signature
        return [write_cursor([row[place] for place in places], signature) for row in rows]


def _with(names: tuple[str, ...], column: str) -> tuple[str, ...]:
    return names if column in names else (*names, column)
