"""How Python's names are spelled in GraphQL."""

from functools import cache

from strawberry.schema.name_converter import NameConverter


class RememberingNameConverter(NameConverter):
    """Spells each name once: inputs of a thousand records ask for the same few ever again."""

    def __init__(self) -> None:
        super().__init__()
        self._spell = cache(super().apply_naming_config)

    def apply_naming_config(self, name: str) -> str:
        """Spell a name in camel case."""
        return self._spell(name)
