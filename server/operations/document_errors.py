"""What a client may read of graphql-core's own errors: no values, and nothing of Python.

graphql-core writes the value at fault into its messages. Here they are written again without it,
with the path of the variable at fault as the field.
"""

import re

from graphql import GraphQLError, GraphQLSyntaxError
from graphql.validation.validate import ValidationAbortedError

from resolvers.errors import DomainError, Invalid
from server.operations.errors import Limited

_LITERAL = re.compile(r"\b(Int|Float|String|BlockString) '.*'", re.DOTALL)
_INPUT = re.compile(
    r"(?P<what>Variable '\$(?P<variable>\w+)'|Argument '(?P<argument>\w+)')"
    r" has invalid (?:default )?value(?: at (?P<path>(?:\.\w+|\[\d+\])+))?: (?P<problem>.*)",
    re.DOTALL,
)
_ENUM_VALUE = re.compile(r"Value '.*' does not exist in '(\w+)' enum\..*", re.DOTALL)
_VALUE = re.compile(
    r"(, but encountered error |, found: | Found: |(?<=\bvalue): |(?<= got): ).*", re.DOTALL
)
_SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)


def read_document_error(error: GraphQLError, *, suggest: bool) -> DomainError | None:
    """Say what is wrong with a document or its variables; None for an error of the server.

    `suggest` keeps the names that graphql-core suggests.
    """
    cause = root_cause(error)
    if isinstance(error, GraphQLSyntaxError):
        if "Parsing aborted" in error.description:
            return Limited(error.description.replace(" Parsing aborted.", ""))
        return Invalid("Syntax Error: " + _LITERAL.sub(r"\1", error.description))
    if isinstance(error, ValidationAbortedError):
        # a hundred thousand comparisons of fields, or the stack, or as many errors as are shown
        return Limited("The document has too many errors or repeated fields to be validated.")
    given = _INPUT.match(error.message)
    if error.path is not None and given is None and not error.message.startswith("Argument '"):
        return None
    message = given["problem"] if given else error.message
    field = None
    if given:
        steps = re.findall(r"\w+", given["path"] or "")
        # as resolvers name it: the path inside the input, or the name of a plain value
        field = ".".join(steps) or given["variable"] or given["argument"]
    if isinstance(cause, DomainError):
        return type(cause)(cause.message, field=field or cause.field, **cause.extensions)
    message = _without_value(message)
    if not suggest:
        message = _SUGGESTION.sub("", message)
    if given:
        place = f" at '{field}'" if steps else ""
        message = f"{given['what']} has an invalid value{place}: {message}"
    return Invalid(message, field=field)


def root_cause(error: Exception) -> Exception:
    """Find what an error was first raised as."""
    while isinstance(error, GraphQLError) and isinstance(error.original_error, Exception):
        error = error.original_error
    return error


def _without_value(message: str) -> str:
    message = _ENUM_VALUE.sub(r"Not a value of the enum '\1'.", message)
    message = _VALUE.sub(".", message).replace("not to be None", "not to be null")
    return message.replace("?.", "?")
