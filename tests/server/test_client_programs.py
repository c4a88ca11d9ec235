"""Which of PostgreSQL's programs are run, and how they are told where the database is."""

import pytest
from sqlalchemy.engine import URL

from server.client_programs import connection_variables, find_client_programs, fits
from server.database import read_url
from server.operator_error import OperatorError


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        (
            "postgresql://me:p%40ss@db.example:6543/store?sslmode=verify-full&sslrootcert=/ca.pem",
            {
                "PGHOST": "db.example",
                "PGPORT": "6543",
                "PGUSER": "me",
                "PGPASSWORD": "p@ss",
                "PGDATABASE": "store",
                "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": "/ca.pem",
            },
        ),
        (
            "postgresql:///store?host=/run/postgresql",
            {"PGHOST": "/run/postgresql", "PGDATABASE": "store"},
        ),
        (
            "postgresql://me@/store?host=one:5433,[::1]:5434&target_session_attrs=read-write",
            {
                "PGHOST": "one,::1",
                "PGPORT": "5433,5434",
                "PGUSER": "me",
                "PGDATABASE": "store",
                "PGTARGETSESSIONATTRS": "read-write",
            },
        ),
        (
            "postgresql://h/store?search_path=a b&user=me",
            {
                "PGHOST": "h",
                "PGDATABASE": "store",
                "PGUSER": "me",
                "PGOPTIONS": "-c search_path=a\\ b",
            },
        ),
    ],
)
def test_a_url_is_told_by_variables(url: str, variables: dict[str, str]) -> None:
    assert connection_variables(read_url(url)) == variables


def test_a_password_that_only_a_command_line_could_have_is_refused() -> None:
    with pytest.raises(OperatorError, match="sslpassword"):
        connection_variables(read_url("postgresql://h/store?sslpassword=hidden"))


@pytest.mark.parametrize(
    ("program", "server", "fit"),
    [(18, 18, True), (18, 17, True), (17, 18, False), (18, 16, False), (16, 15, True)],
)
def test_programs_fit_a_server_by_their_versions(program: int, server: int, *, fit: bool) -> None:
    assert fits(program, server) is fit


@pytest.mark.parametrize("is_embedded", [True, False])
async def test_programs_that_are_too_old_are_told(*, is_embedded: bool) -> None:
    with pytest.raises(OperatorError, match=r"is PostgreSQL 99, .* postgresql-client-99"):
        await find_client_programs(URL.create("postgresql"), 99, is_embedded=is_embedded)
