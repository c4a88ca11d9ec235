"""Session items in the graph."""

from datetime import datetime

import strawberry

from models import SessionItem as Model
from resolvers.session import SESSION
from resolvers.session_item import SESSION_ITEM, SESSION_ITEMS
from schema.connection import Connection
from schema.fields import column, find, one, page
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink
from schema.scalars import JSON


@node_type(Model, "What a framework keeps of its own for a session, verbatim, under a key.")
class SessionItem(Node):
    """A document that is the framework's affair: it is kept, and never looked into."""

    session: SessionLink = one(SESSION, Model.session_id, "The session it belongs to.")
    collection: str = column(
        Model.collection, "What kind of thing it is, by the framework's own name for it."
    )
    key: str = column(
        Model.key,
        "Its name, unique in the session and collection. Keys are ordered by the code points of "
        "their characters.",
    )
    sequence: int = column(
        Model.sequence,
        "The order in which the session's items first came, whatever their collection: 1, 2, 3 … "
        "A number that is missing is a deleted item's. A new value keeps it.",
    )
    value: JSON = column(
        Model.value,
        "The document as it was put: keys stand in their order, and no letter of a text differs.",
    )
    metadata: JSON = column(Model.meta, "What the framework finds it by: an object.")
    revision: int = column(Model.revision, "Counts the changes: 1, 2, 3 …; for `expectedRevision`.")
    created_at: datetime = column(Model.created_at, "When it was first put.")
    updated_at: datetime = column(Model.updated_at, "When it was last changed.")


SessionItemFilter = filter_type(SessionItem, Model)
SessionItemOrder = order_type(SessionItem, "sequence", "key")


@strawberry.type
class SessionItemQuery:
    """The roots of the graph that lead to session items."""

    session_item: SessionItem | None = find(
        SESSION_ITEM, None, "One session item by its id; null if there is none."
    )
    session_items: Connection[SessionItem] = page(
        SESSION_ITEMS,
        None,
        "All session items of the project, newest first. An index finds them by `collection`, and "
        "by `collection` and `key`. Those of a session can be ordered otherwise: see its `items`.",
        is_ordered=False,
    )
