"""Finding what is to be followed."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import InstrumentedAttribute

from resolvers.context import Context
from resolvers.identifiers import key_of, table_of
from resolvers.loaders import OneByColumn
from resolvers.lookup import not_found


async def load_owner(
    context: Context, own_name: InstrumentedAttribute[Any], reference: str, field: str
) -> Row[Any]:
    """Load a row by its TypeID or by the runtime's own name for it, in the column `own_name`.

    Raises `Invalid` or `NotFound`, naming the input.
    """
    model: type[Any] = own_name.parent.class_
    table = table_of(model)
    ((column, key),) = key_of(table.c[own_name.key], reference, field).items()
    row = await context.load(OneByColumn(table, column), key)
    if row is None:
        raise not_found(model, field)
    return row
