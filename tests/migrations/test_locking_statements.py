import pytest

from tests.migrations.locking_statements import locking_statements


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE INDEX CONCURRENTLY i ON sessions (id)"],
        ["CREATE TABLE t (id int)", "CREATE INDEX i ON t (id)", "INSERT INTO t VALUES (1)"],
        ["CREATE TABLE t (id int)", "ALTER TABLE t ADD CHECK (id > 0)"],
        ["ALTER TABLE sessions ADD COLUMN a int"],
        ["ALTER TABLE sessions ADD COLUMN a int NOT NULL DEFAULT 1"],
        ["ALTER TABLE sessions ADD COLUMN a timestamptz DEFAULT now()"],
        ["ALTER TABLE sessions ADD CHECK (depth > 0) NOT VALID"],
        ["ALTER TABLE sessions ADD UNIQUE USING INDEX i"],
        ["ALTER TABLE sessions VALIDATE CONSTRAINT c", "ALTER TABLE sessions ALTER a SET NOT NULL"],
        ["ALTER TABLE sessions ALTER a DROP NOT NULL, ALTER a SET DEFAULT 1"],
        ["DROP INDEX CONCURRENTLY i"],
        ["UPDATE alembic_version SET version_num = '1'", "SELECT 1", "SET lock_timeout = 0"],
    ],
)
def test_what_others_need_not_wait_for_is_allowed(statements: list[str]) -> None:
    assert locking_statements(statements) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX i ON sessions (id)",
        "CREATE UNIQUE INDEX i ON sessions (id)",
        "DROP INDEX i",
        "DROP TABLE sessions",
        "ALTER TABLE sessions ADD COLUMN a uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE sessions ADD COLUMN a int DEFAULT (1 + random()::int)",
        "ALTER TABLE sessions ADD COLUMN a bigserial",
        "ALTER TABLE sessions ADD COLUMN a int GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE sessions ADD COLUMN a int GENERATED ALWAYS AS (depth + 1) STORED",
        "ALTER TABLE sessions ADD COLUMN a int UNIQUE",
        "ALTER TABLE sessions ADD COLUMN a int CHECK (a > 0)",
        "ALTER TABLE sessions ADD COLUMN a int REFERENCES projects",
        "ALTER TABLE sessions ADD CHECK (depth > 0)",
        "ALTER TABLE sessions ADD FOREIGN KEY (project_id) REFERENCES projects",
        "ALTER TABLE sessions ADD UNIQUE (title)",
        "ALTER TABLE sessions ALTER title SET NOT NULL",
        "ALTER TABLE sessions ALTER title TYPE varchar(10)",
        "ALTER TABLE sessions DROP COLUMN title",
        "ALTER TABLE sessions RENAME title TO name",
        "ALTER TABLE sessions SET UNLOGGED",
        "UPDATE sessions SET title = ''",
        "DELETE FROM sessions",
        "INSERT INTO sessions SELECT * FROM sessions",
        "LOCK TABLE sessions",
        "TRUNCATE sessions",
        "VACUUM FULL sessions",
        "CREATE TRIGGER t BEFORE UPDATE ON sessions EXECUTE FUNCTION f()",
        "DO $$ BEGIN END $$",
    ],
)
def test_what_others_would_wait_for_is_found(statement: str) -> None:
    assert len(locking_statements([statement])) == 1
