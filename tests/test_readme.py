"""What the README promises."""

import re
from pathlib import Path

from server.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    documented = set(re.findall(r"`(?:SESSIONGRAPH_)?([A-Z_]+)`", README))
    for name, field in Settings.model_fields.items():
        assert name.upper() in documented, name
        if isinstance(field.default, int) and not isinstance(field.default, bool):
            assert f"`{field.default}`" in README, name
