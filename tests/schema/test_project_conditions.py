"""Every statement of a mutation holds every table of projects to the request's project.

Those of queries are checked wherever `tests/schema/isolation` asks something.
"""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.graphql_client import GraphQLClient
from tests.mutation_inputs import mutation_inputs
from tests.project_conditions import (
    PROJECT_TABLES,
    NotHeldToProjectError,
    check_statements,
    project_use,
)
from tests.statements import recorded_statements
from tests.twin_projects import THEIRS, fill_project

HELD = [
    "SELECT id FROM sessions WHERE project_id = $1",
    "SELECT s.id FROM sessions s WHERE $1::integer = s.project_id AND (s.depth = 1 OR s.depth = 2)",
    """SELECT 1 FROM sessions s JOIN messages m ON m.project_id = s.project_id
        AND m.session_id = s.id WHERE s.project_id = $1""",
    """SELECT 1 FROM sessions s WHERE s.project_id = $1 AND EXISTS
        (SELECT FROM messages m WHERE m.project_id = s.project_id)""",
    "INSERT INTO sessions (id, project_id) VALUES ($1, $2)",
    "UPDATE sessions SET depth = 1 WHERE project_id = $1",
    "WITH t AS (DELETE FROM sessions WHERE project_id = $1 RETURNING id) SELECT * FROM t",
    """SELECT 1 FROM sessions s LEFT JOIN messages m ON m.project_id = s.project_id
        WHERE s.project_id = $1""",
]
NOT_HELD = [
    "SELECT id FROM sessions WHERE id = $1",
    "SELECT id FROM sessions WHERE project_id = $1 OR id = $2",
    "SELECT id FROM sessions WHERE NOT project_id = $1",
    "SELECT id FROM sessions WHERE project_id <> $1",
    "SELECT id FROM sessions WHERE project_id = 1",
    "SELECT 1 FROM sessions s JOIN messages m ON m.session_id = s.id WHERE s.project_id = $1",
    "SELECT 1 FROM sessions s, messages m WHERE m.project_id = s.project_id",
    "SELECT 1 FROM sessions s LEFT JOIN messages m ON s.project_id = $1 WHERE m.project_id = $1",
    "SELECT 1 FROM sessions s LEFT JOIN messages m ON s.project_id = $1 AND m.project_id = $1",
    "SELECT (SELECT count(*) FROM messages) FROM sessions WHERE project_id = $1",
    "SELECT id FROM sessions WHERE project_id = $1 AND id IN (SELECT parent_id FROM sessions)",
    """SELECT id FROM sessions WHERE project_id = $1 AND id IN
        (SELECT sessions.id FROM sessions JOIN messages ON true
        WHERE messages.project_id = sessions.project_id)""",
    "WITH t AS (SELECT id FROM sessions) SELECT 1 FROM t",
    "SELECT 1 FROM sessions WHERE project_id = $1 UNION ALL SELECT 1 FROM sessions",
    "INSERT INTO sessions (id) VALUES ($1)",
    "INSERT INTO sessions (id, project_id) VALUES ($1, 1)",
    "INSERT INTO sessions (id, project_id) SELECT id, project_id FROM sessions",
    "UPDATE sessions SET depth = 1",
    "UPDATE sessions SET project_id = $1 WHERE project_id = $1",
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE project_id = $1)",
]

_OF_NO_MUTATION = {"retention_rules", "spans"}


@pytest.mark.parametrize("statement", HELD)
def test_what_is_held(statement: str) -> None:
    assert project_use(statement).tables


@pytest.mark.parametrize("statement", NOT_HELD)
def test_what_is_not_held(statement: str) -> None:
    with pytest.raises(NotHeldToProjectError):
        project_use(statement)


async def test_mutations(
    engine: AsyncEngine, other_project: GraphQLClient, resolved: GraphQLClient
) -> None:
    """What every mutation sends: with a key and without, of a batch, and where it is refused."""
    names = {1: "default", 2: "other"}
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT id, name FROM projects"))
        assert {row.id: row.name for row in found} == names
    for project, client in ((1, resolved), (2, other_project)):
        async with recorded_statements(engine) as statements:
            inputs = await mutation_inputs(client)
            for name, mutation in inputs.items():
                values = mutation.values | {"idempotencyKey": name}
                await client.mutate(name, mutation.selection, **values)
                alone = {"records": [{name: mutation.values}]}
                await client.mutate("recordBatch", "recordedCount", **alone)
            if project == 2:
                await fill_project(client, THEIRS)
        use = check_statements(statements, {project})
    assert use.tables == PROJECT_TABLES - _OF_NO_MUTATION
