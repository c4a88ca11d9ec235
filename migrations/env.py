"""Runs Alembic on the connection that `migrations.runner` gives it."""

from collections.abc import Collection, Mapping
from importlib.metadata import version
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import literal, text

from models import Base


def _sign(
    ctx: MigrationContext,
    step: MigrationInfo,  # named as Alembic names them
    heads: Collection[Any],
    run_args: Mapping[str, Any],
) -> None:
    """Leave this release's version, so that an older one can say which to run."""
    if ctx.connection is None:
        return
    release = literal(version("sessiongraph")).compile(
        dialect=ctx.dialect, compile_kwargs={"literal_binds": True}
    )
    ctx.connection.execute(text(f"COMMENT ON TABLE alembic_version IS {release}"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=True,
    transaction_per_migration=True,
    on_version_apply=_sign,
)
with context.begin_transaction():
    context.run_migrations()
