"""The arguments of fields over a range of time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry

from resolvers.errors import Invalid
from resolvers.time_series import MAXIMUM_BUCKETS, TimeBucket, most_buckets
from schema.enums import describe
from schema.scalars import read_datetime

describe(
    TimeBucket,
    "A stretch of time, in UTC.",
    HOUR="A whole hour.",
    DAY="From midnight to midnight.",
    WEEK="From Monday to Monday.",
    MONTH="A calendar month.",
)

From = Annotated[
    datetime, strawberry.argument(name="from", description="The first moment that counts.")
]
To = Annotated[
    datetime,
    strawberry.argument(description="The first moment that no longer counts; after `from`."),
]
Bucket = Annotated[
    TimeBucket,
    strawberry.argument(description="How long a stretch each entry is for; at most 1,000 entries."),
]


def bucket_count(arguments: Mapping[str, Any]) -> int:
    """Tell how many buckets a field's arguments ask for at most."""
    try:
        start, end = read_datetime(arguments["from"]), read_datetime(arguments["to"])
        return most_buckets(start, end, TimeBucket[arguments["bucket"]])
    except (Invalid, KeyError, TypeError):
        return MAXIMUM_BUCKETS
