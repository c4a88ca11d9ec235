"""Compiles a query to a plan, from the declarations of the fields that it selects.

A subscription is one too: for each event, whose links take the place of the root fields' ids.
"""

from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from execution.collect import CollectedField, Selections, Unplannable
from execution.connections import compile_page
from execution.objects import Member, expression_of, make_objects_of
from execution.operation import TYPENAME, Operation, object_type
from execution.plan import (
    EventStep,
    FindStep,
    KeysStep,
    MakeObject,
    NodesStep,
    ObjectPlan,
    OneStep,
    Place,
    QueryPlan,
    ReadStep,
)
from execution.rest import compile_rest
from resolvers.identifiers import PREFIXES
from resolvers.loaders import OneByColumn
from schema.declarations import (
    ColumnField,
    ComputedField,
    EventField,
    FindField,
    IdentityField,
    NodesField,
    OneField,
    PageField,
    SubjectField,
    ValueField,
)
from schema.fields import NODE_TYPES


def compile_query(operation: Operation) -> QueryPlan:
    """Compile a query. Raises `Unplannable` where graphql-core has to run it."""
    members: list[Member] = []
    for found in operation.root_fields():
        is_typename = found.node.name.value == TYPENAME
        expression = repr(operation.root.name) if is_typename else _root(operation, found)
        members.append(Member(found.key, expression, operation.number(found.condition)))
    made = make_objects_of(members, {})
    return _plan(operation, made)


def compile_subscription(operation: Operation) -> QueryPlan:
    """Compile what a subscription shows of an event. Raises `Unplannable`."""
    (found,) = operation.root_fields()  # as validation has made sure
    place = operation.place(found, operation.root)
    if not isinstance(place.declaration, EventField):
        raise Unplannable(place.key)
    functions: dict[str, Any] = {}
    if place.declaration.link is not None:
        expression = _event_link(operation, found, place, place.declaration.link)
    else:
        kind = object_type(place.field.type)
        members = []
        for inner in operation.collect(found.selections, kind):
            value = _of_event(operation, inner, kind)
            members.append(Member(inner.key, value, operation.number(inner.condition)))
        functions["show"] = make_objects_of(members, {})
        expression = "show(row, holds, values)"
    made = make_objects_of([Member(found.key, expression)], functions)
    return _plan(operation, made)


def _plan(operation: Operation, make: MakeObject) -> QueryPlan:
    return QueryPlan(
        make, operation.steps, operation.slots, operation.conditions, operation.variables
    )


def _of_event(operation: Operation, found: CollectedField, kind: GraphQLObjectType) -> str:
    """Compile a field of an event; give the expression of its value."""
    if found.node.name.value == TYPENAME:
        return repr(kind.name)
    place = operation.place(found, kind)
    match place.declaration:
        case ValueField(key):
            return f"row[{key!r}]"
        case OneField() as link:
            return _event_link(operation, found, place, link)
    raise Unplannable(place.key)


def _event_link(operation: Operation, found: CollectedField, place: Place, link: OneField) -> str:
    new = operation.new(place, None, link.loader.table)
    step = EventStep(**new, loader=link.loader, by_name=None, link=str(link.key))
    _add_one(operation, step, found.selections)
    return f"values[{step.number}][None]"


def _root(operation: Operation, found: CollectedField) -> str:
    """Compile a root field; give the expression of its value."""
    place = operation.place(found, operation.root)
    match place.declaration:
        case FindField(loader, by_name):
            new = operation.new(place, None, loader.table)
            find = FindStep(**new, loader=loader, by_name=by_name)
            _add_one(operation, find, found.selections)
            return f"values[{find.number}].get(None)"
        case NodesField(is_list):
            number = _add_nodes(operation, found.selections, place)
            found_all = f"[subject(values[{number}], *each) for each in row[{number}]]"
            return found_all if is_list else f"{found_all}[0]"
        case PageField(pages, None):
            step = compile_page(operation, object_plan, found.selections, place, pages)
            return f"values[{step.number}][None]"
    raise Unplannable(place.key)


def _add_one(operation: Operation, step: OneStep, selections: Selections) -> None:
    """Add a step, and compile what is wanted of its rows."""
    operation.steps.append(step)
    kind = operation.node_type(step.columns.table)
    step.objects = object_plan(operation, selections, kind, step)


def object_plan(
    operation: Operation, selections: Selections, kind: GraphQLObjectType, step: ReadStep
) -> ObjectPlan:
    """Compile what is wanted of a step's rows. Raises `Unplannable`."""
    members: list[Member] = []
    functions: dict[str, Any] = {}
    rest: list[CollectedField] = []
    for found in operation.collect(selections, kind):
        if found.node.name.value == TYPENAME:
            expression = repr(kind.name)
        else:
            place = operation.place(found, kind)
            expression = "None"
            if _is_rest(place):
                rest.append(found)
            elif isinstance(place.declaration, OneField | PageField | SubjectField):
                expression = _link(operation, found.selections, place, step)
            else:
                expression = expression_of(place.declaration, step.columns, functions)
        members.append(Member(found.key, expression, operation.number(found.condition)))
    left = compile_rest(operation, rest, kind, step.columns)
    return ObjectPlan(make_objects_of(members, functions), left)


def _is_rest(place: Place) -> bool:
    """Whether graphql-core has to work out a field of a node."""
    match place.declaration:
        case ColumnField() | IdentityField() | OneField() | PageField() | SubjectField():
            return False
        case ComputedField():
            return not is_leaf_type(get_named_type(place.field.type))
    return True


def _link(operation: Operation, selections: Selections, place: Place, parent: ReadStep) -> str:
    """Compile a field that leads to other rows; give the expression of its value."""
    columns = parent.columns
    names = list(columns.table.c.keys())
    match place.declaration:
        case OneField(loader, int(position)):
            new = operation.new(place, parent, loader.table)
            one = OneStep(**new, key=names[position], loader=loader)
            _add_one(operation, one, selections)
            key = f"row[{columns.position(names[position])}]"
            if isinstance(place.field.type, GraphQLNonNull):
                return f"values[{one.number}][{key}]"
            return f"values[{one.number}].get({key})"
        case PageField(pages, int(position)):
            name = names[position]
            step = compile_page(
                operation, object_plan, selections, place, pages, parent=parent, key=name
            )
            return f"values[{step.number}][row[{columns.position(name)}]]"
        case SubjectField(prefix_position, id_position):
            prefix, own_id = names[prefix_position], names[id_position]
            number = _add_nodes(operation, selections, place, (parent, prefix, own_id))
            places = columns.position(prefix), columns.position(own_id)
            return f"subject(values[{number}], row[{places[0]}], row[{places[1]}])"
    raise Unplannable(place.key)


def _add_nodes(
    operation: Operation,
    selections: Selections,
    place: Place,
    subject: tuple[ReadStep, str, str] | None = None,
) -> int:
    """Add the steps that read rows of any noun; give the number of what they give together.

    A subject is the step whose rows name it, by their columns of a prefix and of an id.
    """
    if not isinstance(get_named_type(place.field.type), GraphQLInterfaceType):
        raise Unplannable(place.key)
    nodes = NodesStep(len(operation.steps), place, subject[0] if subject else None)
    operation.steps.append(nodes)
    for table, prefix in PREFIXES.items():
        if table in NODE_TYPES:
            new = operation.new(place, nodes.parent, table)
            loader = OneByColumn(table)
            each: OneStep
            if subject is None:
                each = KeysStep(**new, loader=loader)
            else:
                _, column, own_id = subject
                each = OneStep(**new, key=own_id, noun=(column, prefix), loader=loader)
            nodes.steps[prefix] = each
            _add_one(operation, each, selections)
    return nodes.number
