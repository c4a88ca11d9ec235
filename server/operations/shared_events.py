"""Events that many subscribers are shown alike, executed once for those who ask at the same time.

Subscribers of a session wake together, and most ask by the same document. Nothing is kept: who asks
when the execution has ended has one of its own. What is shared is of one caller alone.
"""

from asyncio import Task, create_task, shield
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import Any

import orjson
from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, Node, Visitor, visit

from resolvers.abandoned_work import abandon
from server.caller import Caller
from server.operations.answer import Outcome
from server.operations.document_limits import MeasuredOperation


class SharedEvents:
    """The events of one process that are executed now."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, Task[Outcome]] = {}

    async def show(
        self, viewer: Hashable, event: Any, execute: Callable[[], Coroutine[Any, Any, Outcome]]
    ) -> Outcome:
        """Execute an event, or wait for what it was begun to be executed for by an equal viewer.

        It goes on when one of those who wait is cancelled. Raises what `execute` raises.
        """
        if not isinstance(event, dict):
            return await execute()
        key = viewer, frozenset(event.items())
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = create_task(execute())
            abandon(task)  # all who wait may go
            task.add_done_callback(lambda _: self._under_way.pop(key))
        return await shield(task)


def viewer_of(
    operation: MeasuredOperation, caller: Caller, variables: Mapping[str, Any]
) -> Hashable:
    """Tell those apart who may be shown different things of the same event.

    The operation is the very object that the cache of documents holds.
    """
    names = _shown_variables(operation.document, operation.node.selection_set.selections)
    shown = {name: value for name, value in variables.items() if names is None or name in names}
    written = orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)
    return caller.project_id, caller.scopes, caller.identity, id(operation), written


def _shown_variables(document: DocumentNode, selections: tuple[Node, ...]) -> set[str] | None:
    """Give the variables that decide what is shown, and not what is followed; None for all."""
    (root,) = selections if len(selections) == 1 else (None,)
    if not isinstance(root, FieldNode) or root.selection_set is None:
        return None
    variables = _Variables()
    visit(root.selection_set, variables)
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            visit(definition, variables)
    return variables.names


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: Any, *_: Any) -> None:
        self.names.add(node.name.value)
