"""Random queries that name rows of both projects, while the other project asks the same."""

from asyncio import gather

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.execution.operations import NAMES, operations
from tests.execution.test_same_answers import EXAMPLES
from tests.schema.isolation.conftest import Prober
from tests.twin_projects import MINE, THEIRS_ALONE

assert THEIRS_ALONE in NAMES


@settings(max_examples=EXAMPLES // 20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_random_queries(prober: Prober, data: st.DataObject) -> None:
    stores = prober.stores
    ids = [each[0] for made in (stores.my_ids, stores.their_ids) for each in made.values()]
    operation = data.draw(operations(ids))
    # at once and of the same process, so that they would meet in a cache or a batch
    _, theirs = await gather(
        prober.ask(operation.text, **operation.variables),
        prober.post_as_they(operation.text, operation.variables),
    )
    assert MINE.text not in theirs.text, operation.text
    assert str(MINE.number) not in theirs.text, operation.text
