"""Random valid queries over the whole schema, as hypothesis draws them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

from schema import schema as strawberry_schema

SCHEMA = strawberry_schema._schema
_IDS = {"IDFilter", "IDOrNameFilter"}
NAMES = ["s0", "s1", "s0.1", "nobody"]
BUCKETS = {"from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z", "bucket": "MONTH"}


@dataclass
class Operation:
    """A document with its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class _Writer:
    """Draws selections; ids that may be asked for are those of rows that are there."""

    draw: st.DrawFn
    ids: list[str]
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def chance(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) < percent

    def variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = (kind, value)
        return f"${name}"

    def selection(self, kind: Any, depth: int) -> str:
        """Write a selection set of a type, `depth` levels deep at most."""
        if isinstance(kind, GraphQLInterfaceType):
            return self.of_interface(kind, depth)
        leaves = [
            name
            for name, each in kind.fields.items()
            if is_leaf_type(get_named_type(each.type)) and not each.args
        ]
        wanted = self.draw(st.lists(st.sampled_from([*leaves, "__typename"]), max_size=4))
        written = [self.leaf(name) for name in wanted]
        inner = [name for name in kind.fields if name not in leaves]
        if depth > 0 and inner:
            most = 2 if depth > 1 else 1
            written += [
                self.field(name, kind.fields[name], depth)
                for name in self.draw(st.lists(st.sampled_from(inner), max_size=most, unique=True))
            ]
        text = " ".join(written) or "__typename"
        if self.chance(10):
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {kind.name} {{ {text} }}")
            return f"{{ ...{name}{self.directive()} }}"
        if self.chance(10):
            return f"{{ ... on {kind.name}{self.directive()} {{ {text} }} }}"
        return f"{{ {text} }}"

    def of_interface(self, kind: GraphQLInterfaceType, depth: int) -> str:
        types = SCHEMA.get_possible_types(kind)
        some = self.draw(st.lists(st.sampled_from(types), max_size=2, unique=True))
        parts = [f"... on {each.name} {self.selection(each, depth)}" for each in some]
        return f"{{ __typename id {' '.join(parts)} }}"

    def leaf(self, name: str) -> str:
        # an alias that goes with the field, so that the same key always means the same
        alias = f"a_{name.strip('_')}: " if self.chance(15) else ""
        return f"{alias}{name}{self.directive()}"

    def directive(self) -> str:
        if self.chance(85):
            return ""
        name = self.draw(st.sampled_from(["skip", "include"]))
        value = self.draw(st.booleans())
        given = str(value).lower() if self.chance(30) else self.variable("Boolean!", value)
        return f" @{name}(if: {given})"

    def field(self, name: str, definition: GraphQLField, depth: int) -> str:
        kind = get_named_type(definition.type)
        key = f"k{self.draw(st.integers(0, 10**6))}: "
        arguments = self.arguments(definition)
        below = "" if is_leaf_type(kind) else f" {self.selection(kind, depth - 1)}"
        return f"{key}{name}{arguments}{self.directive()}{below}"

    def arguments(self, definition: GraphQLField) -> str:
        given = []
        left_out = self.draw(st.sampled_from(["first", "last"]))
        for name, argument in definition.args.items():
            may_be_left_out = not is_required_argument(argument) and name != "timeoutSeconds"
            if may_be_left_out and self.chance(65):
                continue
            if name == left_out and self.chance(97):
                continue
            value = BUCKETS.get(name) or self.value(name, argument, definition)
            if value is not None:
                literal = value
                if not isinstance(get_named_type(argument.type), GraphQLEnumType):
                    literal = self.variable(str(argument.type), value)
                given.append(f"{name}: {literal}")
        return f"({', '.join(given)})" if given else ""

    def id_for(self, definition: GraphQLField) -> str:
        """An id that is there, mostly of the right noun."""
        noun = re.sub(r"(?<!^)(?=[A-Z])", "_", get_named_type(definition.type).name).lower()
        fitting = [each for each in self.ids if each.startswith(f"{noun}_")]
        if noun in {"session", "agent"}:
            fitting += NAMES
        return self.draw(st.sampled_from(self.ids if self.chance(3) or not fitting else fitting))

    def value(self, name: str, argument: GraphQLArgument, definition: GraphQLField) -> Any:
        draw = self.draw
        page = [0, 1, 2, 3, 200, 1, 2, 3, 200, -1] if self.chance(20) else [1, 2, 3, 200]
        drawn: dict[str, Callable[[], Any]] = {
            "id": lambda: self.id_for(definition),
            "ids": lambda: draw(st.lists(st.sampled_from(self.ids), max_size=3)),
            "first": lambda: draw(st.sampled_from(page)),
            "last": lambda: draw(st.sampled_from(page)),
            "after": lambda: "WyJhIl0" if self.chance(2) else None,
            "before": lambda: "" if self.chance(2) else None,
            "revision": lambda: draw(st.integers(0, 3)),
            "time": lambda: None,
            "timeoutSeconds": lambda: draw(st.sampled_from([0, 0, 0, -1])),
        }
        return drawn[name]() if name in drawn else self.input(argument.type)

    def input(self, kind: Any) -> Any:
        """Draw a filter or an order."""
        if isinstance(kind, GraphQLList):
            return [self.input(kind.of_type)]
        if isinstance(kind, GraphQLNonNull):
            return self.input(kind.of_type)
        if isinstance(kind, GraphQLEnumType):
            return self.draw(st.sampled_from(sorted(kind.values)))
        if not isinstance(kind, GraphQLInputObjectType):
            return self.draw(st.sampled_from(_OPERANDS[kind.name]))
        if kind.name in _IDS:
            return {"isNull": self.draw(st.booleans())}
        names = sorted(kind.fields)
        required = [n for n in names if isinstance(kind.fields[n].type, GraphQLNonNull)]
        some = self.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
        wanted = dict.fromkeys([*required, *some])
        return {name: self.input(kind.fields[name].type) for name in wanted}


_OPERANDS: dict[str, list[Any]] = {
    "String": ["a", "s0", "m", "own"],
    "Int": [0, 1, 2, 3],
    "BigInt": [0, 1],
    "Float": [0.5, 1.0],
    "Decimal": ["0.25", "0"],
    "Boolean": [True, False],
    "DateTime": ["2026-01-01T00:00:00Z"],
    "JSON": [{"a": 1}, {}],
}


@st.composite
def operations(draw: st.DrawFn, ids: list[str]) -> Operation:
    """Draw a query."""
    writer = _Writer(draw, ids)
    root = SCHEMA.query_type
    assert isinstance(root, GraphQLObjectType)
    names = draw(st.lists(st.sampled_from(sorted(root.fields)), min_size=1, max_size=2))
    body = " ".join(writer.field(name, root.fields[name], 5) for name in names)
    declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in writer.variables.items())
    head = f"query ({declared})" if declared else "query"
    text = "\n".join([f"{head} {{ {body} }}", *writer.fragments])
    return Operation(text, {name: value for name, (_, value) in writer.variables.items()})
