"""`python -m tests.make_projects N`: make N projects, and print a key of each that may do all.

For tests in other environments, which know the server as its clients do.
"""

import sys
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from models import Scope
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.commands.administer import administer


async def _make(connection: AsyncConnection, count: int) -> list[str]:
    names = [f"test-{uuid4()}" for _ in range(count)]
    for name in names:
        await create_project(connection, name)
    return [await create_key(connection, name, "test", [Scope.ADMIN]) for name in names]


if __name__ == "__main__":
    count = int(sys.argv[1])
    sys.stdout.write("\n".join(administer(lambda connection: _make(connection, count))))
