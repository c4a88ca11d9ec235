"""Every GraphQL document in the package, against the server's schema."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sessiongraph_client
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]


def find_documents() -> Iterator[tuple[str, str]]:
    for module in pkgutil.walk_packages(sessiongraph_client.__path__, "sessiongraph_client."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and value.startswith(("query", "mutation", "subscription")):
                yield f"{module.name}.{name}", value


@pytest.mark.parametrize(("name", "document"), list(find_documents()))
def test_a_document_is_valid(name: str, document: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    assert validate(schema, parse(document)) == [], name
