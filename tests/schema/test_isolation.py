"""Each mutation of one project leaves the other as it was, whatever names and keys they share."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from tests.graphql_client import GraphQLClient
from tests.mutation_inputs import INPUT_TYPES, mutation_inputs


async def _digest_of_others(engine: AsyncEngine, project: int) -> dict[str, Any]:
    """Digest the rows of all projects but one; keys tell when they were used."""
    async with engine.connect() as connection:
        return {
            table.name: await connection.scalar(
                text(
                    f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table.name} t"
                    f" WHERE project_id <> {project}"
                )
            )
            for table in Base.metadata.sorted_tables
            if "project_id" in table.c and table.name != "api_keys"
        }


async def test_keys_and_names_are_a_projects_own(
    graphql: GraphQLClient,
    resolved: GraphQLClient,
    other_project: GraphQLClient,
    engine: AsyncEngine,
) -> None:
    """The same mutations with the same names and idempotency keys, in turns."""
    mine = await mutation_inputs(graphql)
    theirs = await mutation_inputs(other_project)
    keyed = {name for name, kind in INPUT_TYPES.items() if "idempotencyKey" in kind.fields}
    assert keyed <= mine.keys(), "a mutation that has a key has an input in mutation_inputs"
    for name, given in mine.items():
        key = {"idempotencyKey": name}
        answers = []
        for client, values in ((graphql, given.values), (other_project, theirs[name].values)):
            before = await _digest_of_others(engine, 1) if client is graphql else None
            selection = f"replayed {given.selection}"
            answers.append(await client.record(name, selection, **key, **values))
            if before is not None:
                assert await _digest_of_others(engine, 1) == before, name
            replayed = await client.record(name, selection, **key, **values)
            assert replayed == answers[-1] | {"replayed": True}, name
        assert [answer.pop("replayed") for answer in answers] == [False, False], name
        replay = await resolved.record(name, given.selection, **key, **given.values)
        assert replay == answers[0], "and theirs did not take its place"
        assert _ids(answers[0]).isdisjoint(_ids(answers[1])), name


def _ids(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_ids, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_ids, value)) if value else set()
    return {value} if isinstance(value, str) and "_01" in value else set()
