"""Measures what an operation asks for, without running it.

Every fragment is measured once, however often it is spread, so the time is linear in the document's
length even where the expanded operation is exponential. Documents need not be valid: what the
schema does not know counts as a plain field, and validation refuses it later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_object_type,
)

from models import Scope
from resolvers.errors import Invalid
from resolvers.page import DEFAULT_PAGE_SIZE, MAXIMUM_PAGE_SIZE
from schema.access import required_scope
from server.operations.errors import Limited

_ENORMOUS = 10**12
"""Where counting ends, so that the numbers of an exponential document stay small."""
_MAX_NESTING = 150
"""Selections within one another, fragments included: the walk needs a few frames for each."""
_INTROSPECTION_LISTS = {"fields", "inputFields", "interfaces", "possibleTypes"}


@dataclass(slots=True)
class Measure:
    """What a selection asks for, fragments expanded."""

    depth: int = 0
    fields: int = 0
    root_fields: int = 0
    aliases: int = 0
    cost: int = 0
    """Objects that fields of many could return at most, multiplied along each path."""
    introspection_lists: int = 0
    """Lists of types and fields nested in one another."""
    size_variables: set[str] = field(default_factory=set)
    """The variables that the cost depends on."""
    fields_by_scope: dict[Scope, dict[str, None]] = field(default_factory=dict)
    """The names of the fields that need a scope, in the order of the document."""

    def add(self, other: "Measure") -> None:
        """Add a selection beside this one."""
        self.depth = max(self.depth, other.depth)
        self.fields = min(self.fields + other.fields, _ENORMOUS)
        self.root_fields = min(self.root_fields + other.root_fields, _ENORMOUS)
        self.aliases = min(self.aliases + other.aliases, _ENORMOUS)
        self.cost = min(self.cost + other.cost, _ENORMOUS)
        self.introspection_lists = max(self.introspection_lists, other.introspection_lists)
        self.size_variables |= other.size_variables
        for scope, names in other.fields_by_scope.items():
            self.fields_by_scope.setdefault(scope, {}).update(names)


class DocumentWalk:
    """Measures the definitions of one document with one set of variables."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure | None] = {}
        self._nesting = 0
        self.directives = 0
        """Directives seen so far."""

    def measure(self, operation: OperationDefinitionNode) -> Measure:
        """Measure an operation. Raises `Invalid` for a cycle, `Limited` for extreme nesting."""
        self.directives += len(operation.directives or ())
        for definition in operation.variable_definitions or ():
            self.directives += len(definition.directives or ())
        root = self._schema.get_root_type(operation.operation)
        return self._selections(operation.selection_set, root)

    def measure_fragment(self, name: str) -> Measure:
        """Measure a fragment, once. An unknown one is nothing."""
        if name in self._measured:
            measured = self._measured[name]
            if measured is None:
                raise Invalid(f"The fragment '{name}' contains itself.")
            return measured
        fragment = self._fragments.get(name)
        if fragment is None:
            return Measure()
        self._measured[name] = None  # under way
        self.directives += len(fragment.directives or ())
        on = self._schema.get_type(fragment.type_condition.name.value)
        measured = self._measured[name] = self._selections(fragment.selection_set, on)
        return measured

    def _selections(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> Measure:
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise Limited("The document nests selections and fragments too deeply.")
        total = Measure()
        for selection in selections.selections:
            self.directives += len(selection.directives or ())
            total.add(self._selection(selection, parent))
        self._nesting -= 1
        return total

    def _selection(self, selection: SelectionNode, parent: GraphQLNamedType | None) -> Measure:
        if isinstance(selection, FieldNode):
            return self._field(selection, parent)
        if isinstance(selection, FragmentSpreadNode):
            return self.measure_fragment(selection.name.value)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            on = self._schema.get_type(condition.name.value) if condition else parent
            return self._selections(selection.selection_set, on)
        return Measure()

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        name = node.name.value
        definition = None
        if parent is not None and is_composite_type(parent):
            definition = self._schema.get_field(parent, name)
        returned = get_named_type(definition.type) if definition else None
        measured = (
            self._selections(node.selection_set, returned) if node.selection_set else Measure()
        )
        measured.depth += 1
        measured.fields += 1
        measured.root_fields = 1
        scope = required_scope(definition) if definition is not None else None
        if scope is not None:
            measured.fields_by_scope.setdefault(scope, {})[name] = None
        if node.alias is not None:
            measured.aliases += 1
        if parent is not None and parent.name.startswith("__") and name in _INTROSPECTION_LISTS:
            measured.introspection_lists += 1
        size = self._size(node, definition, measured) if definition is not None else None
        if size is not None:
            measured.cost = min(size * (1 + measured.cost), _ENORMOUS)
        return measured

    def _size(self, node: FieldNode, definition: GraphQLField, measured: Measure) -> int | None:
        """Give the number of objects that a field asks for; None where it does not say."""
        returned = get_named_type(definition.type)
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        declared = _declared_size(definition)
        if declared is not None:
            return declared(
                {name: self._value(value, measured) for name, value in arguments.items()}
            )
        if _is_page(definition, returned):
            given = [arguments[name] for name in ("first", "last") if name in arguments]
            sizes = [self._value(value, measured) for value in given]
            numbers = [size for size in sizes if isinstance(size, int) and size >= 0]
            return min(max(numbers, default=DEFAULT_PAGE_SIZE), MAXIMUM_PAGE_SIZE)
        if is_composite_type(returned) and is_list_type(get_nullable_type(definition.type)):
            lists = [self._value(value, measured) for value in arguments.values()]
            lengths = [len(value) for value in lists if isinstance(value, list | tuple)]
            return max(lengths, default=None)
        return None

    def _value(self, node: ValueNode, measured: Measure) -> Any:
        """Give what a literal or a variable says, unchecked; None for all but simple values."""
        if isinstance(node, VariableNode):
            measured.size_variables.add(node.name.value)
            return self._variables.get(node.name.value)
        if isinstance(node, ListValueNode):
            return node.values
        if isinstance(node, IntValueNode):
            # thousands of digits are no number for int()
            return int(node.value) if len(node.value) < len(str(_ENORMOUS)) else _ENORMOUS
        if isinstance(node, StringValueNode | EnumValueNode):
            return node.value
        return None


def _declared_size(definition: GraphQLField) -> Callable[[Mapping[str, Any]], int] | None:
    """Give the `size` of a field's metadata; see `schema.fields.loaded`."""
    declared = definition.extensions.get("strawberry-definition")
    size: Callable[[Mapping[str, Any]], int] | None = getattr(declared, "metadata", {}).get("size")
    return size


def _is_page(definition: GraphQLField, returned: GraphQLNamedType | None) -> bool:
    return (
        is_object_type(returned)
        and returned.name.endswith("Connection")
        and ("first" in definition.args or "last" in definition.args)
    )
